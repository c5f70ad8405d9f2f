"""Commands of SLOs."""

from typing import Annotated, Any

import typer

from watchkeeper.kernel.errors import InvalidError
from watchkeeper.plumbing import console, transport
from watchkeeper.slos.domain import status as words
from watchkeeper.slos.domain.definition import Severity
from watchkeeper.slos.domain.status import SloStatus

app = typer.Typer(help="Service level objectives.", no_args_is_help=True)

_FAILING = {
    "exhausted": {SloStatus.EXHAUSTED.value},
    "burning": {SloStatus.EXHAUSTED.value, SloStatus.BURNING.value},
}


@app.callback()
def root() -> None:
    """Service level objectives."""


@app.command("status")
def status(
    name: Annotated[str | None, typer.Argument(help="One SLO; default: all.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
    at: Annotated[
        str | None, typer.Option("--at", help="Look at this instant, as 2026-03-02T00:00:00Z.")
    ] = None,
    fail_on: Annotated[
        str | None,
        typer.Option("--fail-on", help="Exit 1 if one is exhausted, or burning (or exhausted)."),
    ] = None,
) -> None:
    """Show how much of each error budget is left."""
    if fail_on is not None and fail_on not in _FAILING:
        raise InvalidError(f"--fail-on is {fail_on!r}: say burning or exhausted")
    path = "/api/v1/slos/status" if name is None else f"/api/v1/slos/{name}/status"
    params = {"at": at} if at is not None else None
    items = transport.current().call("GET", path, params=params).json()
    if as_json:
        console.emit_json(items)
    else:
        _show(items)
    if fail_on is not None and any(_fails(item, fail_on) for item in items):
        raise typer.Exit(1)


def _fails(item: dict[str, Any], fail_on: str) -> bool:
    is_burning = fail_on == "burning" and item["severity"] is not None
    return is_burning or item["status"] in _FAILING[fail_on]


def _show(items: list[dict[str, Any]]) -> None:
    if not items:
        console.say("There are no SLOs yet. Begin with: watchkeeper slo discover --prometheus URL")
        return
    rows = [
        (
            item["name"],
            f"{item['objective'] * 100:.6g} %",
            item["window"],
            _words(item),
            _percent(item["sli"], 4),
            _percent(item["budget_remaining"], 1),
            _burn(item["burn_rates"]),
            _percent(item["coverage"], 1),
        )
        for item in items
    ]
    console.table(
        ("SLO", "objective", "window", "status", "attained", "budget left", "burn", "coverage"),
        rows,
    )


def _words(item: dict[str, Any]) -> str:
    severity = Severity(item["severity"]) if item["severity"] else None
    return words.words(SloStatus(item["status"]), severity)


def _percent(ratio: float | None, digits: int) -> str | None:
    """Return a percentage cut toward bad, never rounded up."""
    if ratio is None:
        return None
    scale = 10**digits
    return f"{(ratio * 100 * scale) // 1 / scale:.{digits}f} %"


def _burn(rates: dict[str, float | None]) -> str | None:
    known = {label: rate for label, rate in rates.items() if rate is not None}
    if not known:
        return None
    label = "1h" if "1h" in known else next(iter(known))
    return f"{known[label]:.3g}x over {label}"
