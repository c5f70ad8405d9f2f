"""Commands of drills."""

import json
import secrets
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from watchkeeper.drills import queries, usecases
from watchkeeper.drills.usecases import Drill, Result
from watchkeeper.plumbing import console

app = typer.Typer(help="Crash drills on a throw-away installation.", no_args_is_help=True)

_MOST_TOLD = 30


@app.callback()
def root() -> None:
    """Crash drills on a throw-away installation."""


@app.command("paging")
def paging(
    alerts: Annotated[int, typer.Option(help="Alerts to send.", min=1)] = 300,
    kills: Annotated[int, typer.Option(help="Processes to kill with SIGKILL.", min=0)] = 5,
    seed: Annotated[
        int | None, typer.Option(help="What all else is drawn from; default: a new one.")
    ] = None,
    a_second: Annotated[
        float, typer.Option("--rate", help="Alerts begun each second.", min=0.1)
    ] = 20.0,
    database: Annotated[
        str | None,
        typer.Option(help="An empty PostgreSQL database to use; default: SQLite."),
    ] = None,
    engines: Annotated[int, typer.Option(help="Engines, on PostgreSQL.", min=1)] = 1,
    batch: Annotated[int, typer.Option(help="Alerts in each post.", min=1, max=1000)] = 1,
    keep: Annotated[
        Path | None, typer.Option(help="Keep ledgers, logs and database in this new folder.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Send alerts, kill processes, and check that every page came. Exit 1: one did not.

    Nothing of this installation is touched: the drill makes its own, with a provider that is not
    real, and removes it afterwards.
    """
    seed = secrets.randbelow(1_000_000) if seed is None else seed
    with tempfile.TemporaryDirectory(prefix="watchkeeper-drill-") as temporary:
        folder = keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        drill = Drill(folder, alerts, kills, seed, a_second, database, engines, batch)
        result = usecases.paging(drill)
    if as_json:
        console.emit_json(_answer(result, seed))
    else:
        _tell(result, seed)
    if result.report.violations or result.report.lost:
        raise typer.Exit(1)


def _answer(result: Result, seed: int) -> dict[str, object]:
    report = result.report
    return {
        "accepted": report.accepted,
        "lost": report.lost,
        "pages_due": report.pages_due,
        "pages_delivered": report.pages_delivered,
        "duplicates": report.duplicates,
        "kills": result.kills,
        "first_call_ms": {
            "p50": report.latency_ms(0.5),
            "p99": report.latency_ms(0.99),
            "worst": report.latency_ms(1.0),
        },
        "violations": [
            {"invariant": v.invariant, "subject": v.subject, "detail": v.detail}
            for v in report.violations
        ],
        "seed": seed,
    }


def _tell(result: Result, seed: int) -> None:
    report = result.report
    for violation in report.violations[:_MOST_TOLD]:
        console.say(f"{violation.invariant}  {violation.subject}: {violation.detail}")
    if len(report.violations) > _MOST_TOLD:
        console.say(f"and {len(report.violations) - _MOST_TOLD} more; --json tells all")
    worst = report.latency_ms(1.0)
    rows = [
        ("alerts accepted", report.accepted),
        ("lost", report.lost),
        ("pages due", report.pages_due),
        ("pages delivered", report.pages_delivered),
        ("repeated calls", report.duplicates),
        ("kills", result.kills),
        ("slowest first call", "—" if worst is None else f"{worst / 1000:.1f} s"),
        ("violations", len(report.violations)),
        ("seed", seed),
    ]
    console.table(["what", "count"], rows)


def stored() -> None:
    """Print what the database holds, one JSON object a line; for the checker of a drill."""
    for row in queries.stored():
        console.say(json.dumps(row))


def under_way() -> None:
    """Print how much is not at its end; for a drill."""
    console.say(str(queries.under_way()))
