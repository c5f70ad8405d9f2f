"""Commands: slo import-minutes, source list, source check."""

import sys
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from watchkeeper.kernel import ids
from watchkeeper.kernel.errors import InvalidError, Problem
from watchkeeper.plumbing import console, transport

app = typer.Typer(no_args_is_help=True, help="Sources of minutes.")

Json = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]


def import_minutes(
    name: Annotated[str, typer.Argument(help="An SLI, or an SLO with one SLI.")],
    file: Annotated[str, typer.Argument(help="CSV with time, good and total; - is stdin.")],
    as_json: Json = False,
) -> None:
    """Store the minutes of a CSV file: all of them, or none."""
    ids.check_name(name, what="An SLI")
    body = _read(file)
    try:
        answer = (
            transport.current()
            .call(
                "POST",
                f"/api/v1/slis/{quote(name, safe='')}/minutes",
                body=body,
                content_type="text/csv",
            )
            .json()
        )
    except InvalidError as error:
        raise InvalidError(
            error.message, [_placed(each, file) for each in error.problems]
        ) from error
    if as_json:
        console.emit_json(answer)
        return
    console.say(
        f"{answer['accepted']} minutes accepted, "
        f"{answer['changed']} changed, {answer['unchanged']} unchanged"
    )


def _read(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise InvalidError(f"{file} cannot be read: {error.strerror}") from error


def _placed(problem: Problem, file: str) -> Problem:
    return Problem(problem.detail, row=problem.row, file=file, line=problem.line)


@app.command("list")
def list_sources(as_json: Json = False) -> None:
    """Show the sources and how they fare."""
    items = _all("/api/v1/sources")
    if as_json:
        console.emit_json(items)
        return
    console.table(
        ["name", "kind", "url", "SLIs", "lag", "coverage", "state"],
        [
            [
                item["name"],
                item["kind"],
                item["url"],
                item["sli_count"],
                None if item["lag_seconds"] is None else f"{item['lag_seconds']:.0f} s",
                None if item["coverage"] is None else f"{100 * item['coverage']:.1f} %",
                _state(item),
            ]
            for item in items
        ],
    )


def _state(item: dict[str, Any]) -> str:
    if item["silent_since_at"]:
        return f"silent since {item['silent_since_at']}: {item['last_error']}"
    return "answers" if item["last_ok_at"] else "never asked"


def _all(path: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    params = {"limit": "200"}
    while True:
        page = transport.current().call("GET", path, params=params).json()
        items += page["items"]
        if page["next"] is None:
            return items
        params["cursor"] = page["next"]


@app.command("check")
def check(name: Annotated[str, typer.Argument(help="A source.")], as_json: Json = False) -> None:
    """Ask a source what it is."""
    path = f"/api/v1/sources/{quote(name, safe='')}/check"
    answer = transport.current().call("POST", path).json()
    if as_json:
        console.emit_json(answer)
    else:
        console.say(f"{name}: {answer['about']}")
