"""Commands of SLOs."""

from typing import Annotated, Any

import typer

from watchkeeper.kernel import ids, instants
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.plumbing import console, transport
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
    path = "/api/v1/slos/status"
    if name is not None:
        path = f"/api/v1/slos/{ids.check_name(name, what='An SLO')}/status"
    params = {"at": instants.read(at, path="--at").isoformat()} if at is not None else None
    items = transport.current().call("GET", path, params=params).json()
    if as_json:
        console.emit_json(items)
    else:
        _show(items)
        if name is not None:
            _show_rules(items)
    if fail_on is not None and any(_fails(item, fail_on) for item in items):
        raise typer.Exit(1)


def _fails(item: dict[str, Any], fail_on: str) -> bool:
    return item["status"] in _FAILING[fail_on]


def _show(items: list[dict[str, Any]]) -> None:
    if not items:
        console.say("There are no SLOs yet. Begin with: watchkeeper slo discover --prometheus URL")
        return
    rows = [
        (
            item["name"],
            f"{item['objective'] * 100:.10g} %",
            item["window"],
            item["words"],
            _percent(item["sli"], 4),
            _percent(item["budget_remaining"], 1),
            _burn(item),
            _percent(item["coverage"], 1),
        )
        for item in items
    ]
    console.table(
        ("SLO", "objective", "window", "status", "attained", "budget left", "burn", "coverage"),
        rows,
    )


def _percent(ratio: float | None, digits: int) -> str | None:
    """Return a percentage cut toward bad, never rounded up."""
    if ratio is None:
        return None
    scale = 10**digits
    return f"{(ratio * 100 * scale) // 1 / scale:.{digits}f} %"


def _burn(item: dict[str, Any]) -> str:
    """Return a burn rate, and how many rules are unknown: silence is not calm."""
    rules = item["rules"]
    if not rules:
        return "no rules"
    unknown = sum(rule["state"] == "unknown" for rule in rules)
    known = {label: rate for label, rate in item["burn_rates"].items() if rate is not None}
    label = "1h" if "1h" in known else next(iter(known), None)
    if unknown == len(rules) or label is None:
        return "unknown"
    rest = f", {unknown} of {len(rules)} rules unknown" if unknown else ""
    return f"{known[label]:.3g}x over {label}{rest}"


def _show_rules(items: list[dict[str, Any]]) -> None:
    """Show the burn rules of one SLO and what is to be known of them."""
    for item in items:
        console.say("")
        console.say(f"Burn rules of {item['objective'] * 100:.10g} % over {item['window']}:")
        rows = [
            (
                rule["name"],
                rule["severity"],
                f"{rule['factor']:.4g}x",
                _rate(rule["long_rate"], rule["long"]),
                _rate(rule["short_rate"], rule["short"]),
                f"{rule['state']}, firing open" if rule["is_open"] else rule["state"],
            )
            for rule in item["rules"]
        ]
        if rows:
            console.table(("rule", "severity", "fires above", "long", "short", "state"), rows)
        for finding in item["findings"]:
            console.say(f"- {finding['detail']}")


def _rate(rate: float | None, label: str) -> str:
    return f"unknown over {label}" if rate is None else f"{rate:.3g}x over {label}"
