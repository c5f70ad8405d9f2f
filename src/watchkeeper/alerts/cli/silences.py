"""Commands of silences."""

from typing import Annotated, Any

import typer

from watchkeeper.alerts.cli.asking import AsJson, call, quoted
from watchkeeper.changes.domain import ranges
from watchkeeper.kernel import clock
from watchkeeper.plumbing import console, transport

silence_app = typer.Typer(help="Silences.", no_args_is_help=True)

Silence = Annotated[str, typer.Argument(help="A silence's name.")]
Match = Annotated[
    list[str],
    typer.Option(help='A matcher, as service="shop"; may be given several times, all must hold.'),
]


@silence_app.callback()
def silence_root() -> None:
    """Silences."""


@silence_app.command("list")
def list_silences(as_json: AsJson = False) -> None:
    """List silences: what holds, comes and was."""
    items = call("GET", "/api/v1/silences")
    if as_json:
        console.emit_json(items)
        return
    if not items:
        console.say("There are no silences")
        return
    rows = [
        (i["name"], i["state"], i["since"] or i["next_start"] or i["start"],
         i["until"] or i["next_end"] or i["end"], i["recurrence"] or None, i["holds"],
         " ".join(i["match"]))
        for i in items
    ]  # fmt: skip
    columns = ("silence", "state", "from", "to", "recurrence", "holds", "match")
    console.table(columns, rows)


@silence_app.command("create")
def create_silence(
    name: Silence,
    match: Match,
    reason: Annotated[str, typer.Option(help="Why, for those who look at an alert.")],
    start: Annotated[
        str | None,
        typer.Option("--from", help="With its zone, as 2026-02-03T09:00:00Z; default: now."),
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="When it ends, likewise.")] = None,
    length: Annotated[
        str | None, typer.Option("--for", help="Instead of --to, from now on: 90m, 2h, 1d.")
    ] = None,
    recurrence: Annotated[
        str, typer.Option(help="How it comes again, as FREQ=WEEKLY;BYDAY=SA.")
    ] = "",
    time_zone: Annotated[
        str, typer.Option(help="By whose wall clocks it comes again, as Europe/Berlin.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Keep quiet what matches, and tell what that is now."""
    begins, ends = ranges.asked(start, end, length, now=clock.now())
    body = {
        "name": name, "match": match, "start": begins, "end": ends, "reason": reason,
        "recurrence": recurrence, "time_zone": time_zone,
    }  # fmt: skip
    made = call("POST", "/api/v1/silences", json=body)
    if as_json:
        console.emit_json(made)
        return
    ends = made["until"] or made["next_end"] or made["end"]
    console.say(f"Silence {name} is {made['state']}, until {ends}")
    _say_preview(call("POST", "/api/v1/silence-preview", json={"match": match}))


@silence_app.command("end")
def end_silence(name: Silence, as_json: AsJson = False) -> None:
    """End early what holds; one that comes again still comes."""
    ended = call("POST", f"/api/v1/silences/{quoted(name)}/end")
    if as_json:
        console.emit_json(ended)
        return
    then = f"; it holds again from {ended['next_start']}" if ended["next_start"] else ""
    console.say(f"Silence {name} has ended{then}")


@silence_app.command("remove")
def remove_silence(name: Silence) -> None:
    """Remove a silence; what it kept quiet and still fires pages then."""
    transport.current().call("DELETE", f"/api/v1/silences/{quoted(name)}")
    console.say(f"Silence {name} is removed")


@silence_app.command("preview")
def preview(match: Match, as_json: AsJson = False) -> None:
    """Tell what a silence would keep quiet, of now and of the last 30 days; changes nothing."""
    found = call("POST", "/api/v1/silence-preview", json={"match": match})
    if as_json:
        console.emit_json(found)
        return
    _say_preview(found)
    rows = [
        (i["id"], "open" if i["is_open"] else "over", i["severity"], i["service"] or None,
         i["title"], i["opened_at"])
        for i in found["recent"]
    ]  # fmt: skip
    if rows:
        console.table(("id", "state", "severity", "service", "title", "opened"), rows)


def _say_preview(found: dict[str, Any]) -> None:
    console.say(
        f"It matches {found['open_count']} alerts that are open now, and {found['recent_count']} "
        "that opened in the last 30 days"
    )
    if not found["is_complete"]:
        console.warn("Only the newest 20,000 of each were looked at")
