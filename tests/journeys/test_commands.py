"""Commands from outside: one clear line, the exit code of the contract, never a traceback."""

import datetime as dt
import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.factories import slo_document
from tests.product import Product
from watchkeeper.plumbing import yaml_documents

END = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
AT = "2026-03-02T12:00:00Z"
PUSHED = slo_document().data["spec"]["indicator"]


def document(**spec: Any) -> str:
    annotations = {"watchkeeper/minimum-events": "10", "team.example/unknown": "kept"}
    whole = slo_document(annotations=annotations, **spec).data
    return yaml_documents.dump([whole])


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A running server with one SLO whose budget is half spent, and one token."""
    folder = tmp_path_factory.mktemp("commands")
    found = Product(folder / "data")
    found.start()
    (folder / "slo.yaml").write_text(document())
    rows = []
    for minute in range(1, 2881):
        at = END - dt.timedelta(minutes=minute)
        rows.append(f"{at:%Y-%m-%dT%H:%M:%SZ},{1999 if minute % 2 else 2000},2000")
    (folder / "minutes.csv").write_text("\n".join(["time,good,total", *rows]))
    found.run("apply", "-f", str(folder / "slo.yaml"))
    found.run("slo", "import-minutes", "checkout", str(folder / "minutes.csv"))
    yield found
    found.stop()


@pytest.fixture(scope="module")
def token(product: Product) -> str:
    made = product.json("token", "create", "--name", "ci", "--role", "admin")
    assert set(made) >= {"name", "token", "role", "expires_at"}
    return str(made["token"])


def test_a_remote_server_and_the_local_folder_answer_the_same(
    product: Product, token: str
) -> None:
    remote = ("--url", product.url, "--token", token)

    for words in (
        ("slo", "status", "checkout", "--json", "--at", AT),
        ("export",),
        ("slo", "status", "nope"),
    ):
        here, there = product.run(*words, check=False), product.run(*words, *remote, check=False)
        assert (here.returncode, here.stdout, here.stderr) == (
            there.returncode,
            there.stdout,
            there.stderr,
        )


def test_the_status_is_that_of_the_known_minutes(product: Product) -> None:
    [found] = product.json("slo", "status", "checkout", "--at", AT)

    assert (found["good"], found["total"]) == (2880 * 2000 - 1440, 2880 * 2000)
    assert found["sli"] == pytest.approx(1 - 1 / 4000)
    assert found["budget_remaining"] == pytest.approx(0.75)
    assert found["budget_remaining_projected"] == pytest.approx(1 - 0.25 / 15)
    assert (found["status"], found["coverage"], found["as_of"]) == ("ok", 1, AT)


def test_a_link_opens_at_the_port_that_is_served(product: Product) -> None:
    product.run("user", "create", "alice", "--email", "alice@example.org", "--role", "admin")

    link = product.run("user", "link", "alice").stdout.strip()

    assert link.startswith(product.url)
    with urllib.request.urlopen(link, timeout=10) as page:
        assert page.status == 200


def test_fail_on_looks_at_the_status_alone(product: Product, tmp_path: Path) -> None:
    # One failure among few events burns at a page's pace, but there are too few to say so.
    spec = {"indicator": PUSHED | {"metadata": {"name": "quiet"}}}
    data = slo_document("quiet", annotations={"watchkeeper/minimum-events": "1000"}, **spec).data
    (tmp_path / "quiet.yaml").write_text(yaml_documents.dump([data]))
    (tmp_path / "quiet.csv").write_text("time,good,total\n2026-03-02T11:58:00Z,1,2\n")
    product.run("apply", "-f", str(tmp_path / "quiet.yaml"))
    product.run("slo", "import-minutes", "quiet", str(tmp_path / "quiet.csv"))

    [found] = product.json("slo", "status", "quiet", "--at", AT)
    assert (found["status"], found["severity"]) == ("insufficient", "page")
    ended = product.run("slo", "status", "quiet", "--at", AT, "--fail-on", "burning", check=False)
    assert ended.returncode == 0


BAD = {
    "binary": b"\xff\xfe\x00\x01",
    "broken": b"a: [1, 2",
    "text": b"just text",
    "nan": document(objectives=[{"target": 0.9}]).replace("0.9", ".nan").encode(),
    "whole": document(objectives=[{"target": 1}]).encode(),
    "fine": document(objectives=[{"target": 0.999999999999}]).encode(),
    "early": document().replace('"10"', "'10'").replace(
        "watchkeeper/minimum-events: '10'",
        "watchkeeper/expected-start: '0001-01-01T00:00:00+14:00'",
    ).encode(),
    "other": document().replace("openslo/v1", "openslo/v2").encode(),
}  # fmt: skip


FAULTS: list[tuple[list[str], int, str]] = [
    (["validate", "-f", "missing.yaml"], 2, "missing.yaml: cannot be read"),
    (["validate", "-f", ""], 2, "-f names nothing"),
    (["validate", "-f", "binary.yaml"], 2, "binary.yaml: cannot be read"),
    (["validate", "-f", "broken.yaml"], 2, "broken.yaml:2: this is not YAML"),
    (["validate", "-f", "text.yaml"], 2, "text.yaml:1: a document is a mapping"),
    (["validate", "-f", "nan.yaml"], 1, r"nan.yaml:\d+: numbers must be finite"),
    (["validate", "-f", "whole.yaml"], 1, r"whole.yaml:\d+: .*leaves no error budget"),
    (["validate", "-f", "fine.yaml"], 1, r"fine.yaml:\d+: .*at most 10 decimal places"),
    (["validate", "-f", "early.yaml"], 1, r"early.yaml:\d+: .*between the years"),
    (["validate", "-f", "other.yaml"], 1, "other.yaml:2: .*only openslo/v1 is read"),
    (["apply", "-f", "whole.yaml"], 2, r"whole.yaml:\d+: .*leaves no error budget"),
    (["apply", "--plan", "-f", "slo.yaml"], 0, ""),
    (["apply", "--prune", "-f", "-"], 2, "so nothing is pruned"),
    (["slo", "status", "--at", "yesterday"], 2, "'yesterday' is not a time with its zone"),
    (["slo", "status", "--at", "9999-12-31T23:59:59Z"], 2, "between the years"),
    (["slo", "status", "--at", "0001-01-01T00:00:00Z"], 2, "between the years"),
    (["slo", "status", "a/b"], 2, "An SLO cannot be named 'a/b'"),
    (["slo", "status", ""], 2, "An SLO needs a name"),
    (["slo", "status", "--fail-on", "rain"], 2, "say burning or exhausted"),
    (["slo", "import-minutes", "../x", "minutes.csv"], 2, "cannot be named '../x'"),
    (["slo", "import-minutes", "checkout", "."], 2, "Is a directory"),
    (["export", "-o", "minutes.csv"], 2, "cannot be written: Not a directory"),
    (["api", "POST", "/api/v1/apply", "-d", "@binary.yaml"], 2, "cannot be read"),
    (["slo", "status", "--url", "notaurl"], 2, "'notaurl' is not the address of a server"),
    (["slo", "status", "--url", "http://[::1"], 2, "is not the address of a server"),
    (["slo", "status", "--url", "http://127.0.0.1:1"], 3, "cannot be reached"),
    (["slo", "wat"], 2, "No such command 'wat'"),
]
SCRIPT = """
import contextlib, io, json, sys
from watchkeeper.cli import main
cases = json.load(sys.stdin)
for words in cases:
    told = io.StringIO()
    with contextlib.redirect_stderr(told), contextlib.redirect_stdout(io.StringIO()):
        code = main.run(words)
    print(json.dumps([code, told.getvalue()]))
"""


def test_each_fault_has_one_line_and_its_exit_code(product: Product) -> None:
    folder = product.data.parent
    for name, content in BAD.items():
        (folder / f"{name}.yaml").write_bytes(content)

    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        input=json.dumps([words for words, _, _ in FAULTS]),
        env=product.environment(),
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )

    for (words, code, told), line in zip(FAULTS, done.stdout.splitlines(), strict=True):
        got, text = json.loads(line)
        assert (words, got) == (words, code), text
        assert "Traceback" not in text
        assert len(text.splitlines()) == (1 if code else 0), text
        assert re.search(told, text), text


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00%2B14:00"])
def test_an_instant_that_nothing_can_be_computed_for_is_no_fault_of_the_server(
    product: Product, token: str, at: str
) -> None:
    status, answer = product.request("GET", f"/api/v1/slos/status?at={at}", token=token)

    assert status == 422
    assert "between the years" in json.dumps(answer)


def test_load_save_load_gives_the_same(product: Product, tmp_path: Path) -> None:
    before = product.run("export").stdout
    product.run("export", "-o", str(tmp_path / "out"))
    fresh = Product(tmp_path / "data")

    fresh.run("apply", "-f", str(tmp_path / "out"))

    assert fresh.run("export").stdout == before
    assert "team.example/unknown: kept" in before
