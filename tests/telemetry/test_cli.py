"""Commands: thin clients of the API."""

import datetime as dt
import json
from pathlib import Path

import pytest

from tests.telemetry.factories import FakeSource, make_sli, make_source
from watchkeeper.kernel.errors import DependencyError, InvalidError, NotFoundError
from watchkeeper.plumbing.transport import Transport
from watchkeeper.telemetry import cli

GOOD = "time,good,total\n2026-03-02T11:00:00Z,999,1000\n1772449260,5,10\n"


def test_a_file_of_minutes_is_imported(
    door: Transport, now: dt.datetime, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del door
    make_sli(now=now)
    path = tmp_path / "minutes.csv"
    path.write_text(GOOD)

    cli.import_minutes("checkout", str(path))
    assert "2 minutes accepted, 0 changed, 0 unchanged" in capsys.readouterr().out
    cli.import_minutes("checkout", str(path), as_json=True)
    answer = capsys.readouterr().out
    assert json.loads(answer[answer.index("{\n") :]) == {
        "accepted": 2,
        "changed": 0,
        "unchanged": 2,
    }


def test_a_wrong_row_is_told_with_file_row_and_line(
    door: Transport, now: dt.datetime, tmp_path: Path
) -> None:
    del door
    make_sli(now=now)
    path = tmp_path / "minutes.csv"
    path.write_text(GOOD + "1772449320,11,10\n")

    with pytest.raises(InvalidError) as caught:
        cli.import_minutes("checkout", str(path))

    problem = caught.value.problems[0]
    assert (problem.row, problem.line, problem.file) == (2, 4, str(path))


def test_a_missing_file_and_a_missing_sli_are_told(door: Transport, tmp_path: Path) -> None:
    del door
    with pytest.raises(InvalidError, match="cannot be read"):
        cli.import_minutes("checkout", str(tmp_path / "none.csv"))
    (tmp_path / "minutes.csv").write_text(GOOD)
    with pytest.raises(NotFoundError):
        cli.import_minutes("checkout", str(tmp_path / "minutes.csv"))


def test_sources_are_listed_and_checked(
    door: Transport,
    now: dt.datetime,
    fake_source: type[FakeSource],
    capsys: pytest.CaptureFixture[str],
) -> None:
    del door
    make_source(now=now)

    cli.list_sources()
    assert "never asked" in capsys.readouterr().out
    cli.check("prom")
    assert "prom: Fake 1.0" in capsys.readouterr().out
    fake_source.silent.add("prom")
    with pytest.raises(DependencyError):
        cli.check("prom")
    capsys.readouterr()
    cli.list_sources(as_json=True)
    assert '"last_error": "prom does not answer"' in capsys.readouterr().out
