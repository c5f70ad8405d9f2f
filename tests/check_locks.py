"""Refuses requirement files that are behind pyproject.toml, lack hashes or name an address."""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
ADDRESS = re.compile(r"https?://|--(extra-)?index-url|--find-links|file:")


def name_of(requirement: str) -> str:
    return re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def locked(path: Path) -> dict[str, str]:
    """Return the block of each locked package by its name."""
    blocks: dict[str, str] = {}
    name = ""
    for line in path.read_text().splitlines():
        if line and not line.startswith((" ", "#")):
            name = name_of(line)
        blocks[name] = blocks.get(name, "") + line + "\n"
    return blocks


def faults(path: Path, wanted: list[str]) -> list[str]:
    blocks = locked(path)
    found = [f"{path.name}: {name_of(w)} is missing" for w in wanted if name_of(w) not in blocks]
    found += [
        f"{path.name}: {n} has no hash" for n, text in blocks.items() if "--hash=" not in text
    ]
    if ADDRESS.search(path.read_text()):
        found.append(f"{path.name}: holds an address")
    return found


def main() -> int:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    core = project["project"]["dependencies"]
    found = faults(ROOT / "requirements/run.txt", core)
    found += faults(ROOT / "requirements/dev.txt", core + project["dependency-groups"]["dev"])
    peers = (ROOT / "requirements/peers.in").read_text().split()
    found += faults(ROOT / "requirements/peers.txt", peers)
    lock = ROOT / "frontend/package-lock.json"
    if lock.exists() and '"resolved": "http' in lock.read_text():
        found.append("package-lock.json: holds a download address")
    sys.stdout.write("".join(f"{fault}\n" for fault in found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
