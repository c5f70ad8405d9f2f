"""The key is there before anything is signed with what comes from it."""

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
from watchkeeper.cli import bootstrap
seen = []
from watchkeeper.cli import main
real = bootstrap.start_django
def start():
    from watchkeeper.plumbing.environment import Environment
    seen.append(Environment().key_file.exists())
    real()
bootstrap.start_django = start
main.run(["migrate"])
print(seen)
"""


def test_the_key_file_is_made_before_settings_are_read(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("WATCHKEEPER_")}
    environment["WATCHKEEPER_DATA"] = str(tmp_path / "data")

    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip().endswith("[True, True]")
