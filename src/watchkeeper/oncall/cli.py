"""Commands of who is on call."""

from typing import Annotated, Any
from urllib.parse import quote

import typer

from watchkeeper.plumbing import console, transport

app = typer.Typer(help="Who is on call.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]


@app.callback()
def root() -> None:
    """Who is on call."""


@app.command("who")
def who(
    schedule: Annotated[str | None, typer.Argument(help="One schedule; default: all.")] = None,
    at: Annotated[
        str | None,
        typer.Option("--at", help="At this instant, as 2026-03-02T00:00:00Z; default: now."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell who is on call, and until when."""
    asked = {"schedule": schedule, "at": at}
    params = {name: value for name, value in asked.items() if value is not None}
    items = transport.current().call("GET", "/api/v1/on-call", params=params).json()
    if as_json:
        console.emit_json(items)
        return
    if not items:
        console.say("There are no schedules yet. Write one and apply it: docs/how-to/schedules.md")
        return
    rows = [
        (i["schedule"], ", ".join(i["people"]) or "nobody", i["layer"], i["until"]) for i in items
    ]
    console.table(("schedule", "on call", "layer", "until"), rows)


@app.command("show")
def show(
    schedule: Annotated[str, typer.Argument(help="The schedule.")],
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="First instant, as 2026-03-02T00:00:00Z; without a zone it is wall time in the "
            "schedule's; default: now.",
        ),
    ] = None,
    end: Annotated[
        str | None,
        typer.Option("--to", help="First instant after it; default: two weeks later."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell who is on call from then to then, in UTC."""
    asked = {"from": start, "to": end}
    params = {name: value for name, value in asked.items() if value is not None}
    path = f"/api/v1/schedules/{quote(schedule, safe='')}/entries"
    items = transport.current().call("GET", path, params=params).json()
    if as_json:
        console.emit_json(items)
        return
    rows = [(i["start"], i["end"], ", ".join(i["people"]), i["layer"]) for i in items]
    console.table(("from", "to", "on call", "layer"), rows)


@app.command("check")
def check(
    days: Annotated[
        int, typer.Option("--days", min=1, max=366, help="How many days to look ahead.")
    ] = 90,
    as_json: AsJson = False,
) -> None:
    """Prove that every escalation policy finds somebody at each minute; exit 1 if one does not."""
    path = "/api/v1/on-call/check"
    items = transport.current().call("GET", path, params={"days": str(days)}).json()
    if as_json:
        console.emit_json(items)
    elif items:
        rows = [
            (i["policy"], i["kind"], i["subject"], i["start"], i["end"], i["detail"])
            for i in items
        ]
        console.table(("policy", "finding", "about", "from", "to", "what"), rows)
    elif _has_policies():
        console.say(f"Every policy finds somebody at each minute of the next {days} days")
    else:
        console.say("There are no escalation policies yet: alerts page every admin")
    if items:
        raise typer.Exit(1)


def _has_policies() -> bool:
    path, params = "/api/v1/escalation-policies", {"limit": "1"}
    return bool(transport.current().call("GET", path, params=params).json()["items"])


@app.command("rooms")
def list_rooms(
    policy: Annotated[str, typer.Argument(help="The escalation policy.")],
    as_json: AsJson = False,
) -> None:
    """List the webhooks and chats that a policy tells beside people."""
    items = transport.current().call("GET", f"{_policy_path(policy)}/rooms").json()
    if as_json:
        console.emit_json(items)
        return
    rows = [(i["id"], i["title"], i["channel"], i["address"], i["failed_at"]) for i in items]
    console.table(("id", "room", "channel", "address", "refused since"), rows)


@app.command("room-secret")
def remake_room_secret(
    policy: Annotated[str, typer.Argument(help="The escalation policy.")],
    room: Annotated[str, typer.Argument(help="Id of one of its webhooks, as rooms tells it.")],
    as_json: AsJson = False,
) -> None:
    """Make the secret of a webhook anew and tell it, this once; the old one signs no more."""
    path = f"{_policy_path(policy)}/rooms/{quote(room, safe='')}/secret"
    made = transport.current().call("POST", path, json={}).json()
    if as_json:
        console.emit_json(made)
        return
    console.say(made["secret"])


def _policy_path(name: str) -> str:
    return f"/api/v1/escalation-policies/{quote(name, safe='')}"


@app.command("override")
def override(
    schedule: Annotated[str, typer.Argument(help="The schedule.")],
    person: Annotated[str, typer.Argument(help="Who stands in.")],
    end: Annotated[str, typer.Option("--to", help="First instant after it.")],
    start: Annotated[str, typer.Option("--from", help="First instant; one that is past: now.")],
    replaces: Annotated[
        str | None, typer.Option(help="Whose place they take; default: everybody's.")
    ] = None,
    add: Annotated[bool, typer.Option("--add", help="They join those who are on.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let somebody stand in; times without a zone are wall time in the schedule's."""
    body = {"start": start, "end": end, "person": person, "replaces": replaces, "add": add}
    path = f"/api/v1/schedules/{quote(schedule, safe='')}/overrides"
    made = transport.current().call("POST", path, json=body).json()
    if as_json:
        console.emit_json(made)
        return
    console.say(f"Override {made['id']}: {made['person']} from {made['start']} to {made['end']}")


@app.command("overrides")
def overrides(
    schedule: Annotated[str, typer.Argument(help="The schedule.")], as_json: AsJson = False
) -> None:
    """List the overrides made by hand."""
    path = f"/api/v1/schedules/{quote(schedule, safe='')}/overrides"
    items: list[dict[str, Any]] = transport.current().call("GET", path).json()
    if as_json:
        console.emit_json(items)
        return
    rows = [
        (i["id"], i["start"], i["end"], i["person"], _instead_of(i), i["ended_at"]) for i in items
    ]
    console.table(("id", "from", "to", "person", "instead of", "ended"), rows)


def _instead_of(item: dict[str, Any]) -> str:
    return "joins" if item["add"] else item["replaces"] or "everybody"


@app.command("end-override")
def end_override(
    schedule: Annotated[str, typer.Argument(help="The schedule.")],
    override_id: Annotated[int, typer.Argument(help="Its id, from oncall overrides.")],
) -> None:
    """End an override; it stays on record."""
    path = f"/api/v1/schedules/{quote(schedule, safe='')}/overrides/{override_id}"
    transport.current().call("DELETE", path)
    console.say(f"Override {override_id} holds no longer")


@app.command("feed")
def feed(
    schedule: Annotated[str | None, typer.Argument(help="One schedule.")] = None,
    person: Annotated[str | None, typer.Option(help="Or the shifts of one person.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a secret address that calendar programs can subscribe to."""
    body = {"schedule": schedule, "person": person}
    made = transport.current().call("POST", "/api/v1/calendar-feeds", json=body).json()
    if as_json:
        console.emit_json(made)
        return
    console.warn("Keep it now; it is not told again.")
    console.say(made["url"])


@app.command("feeds")
def feeds(as_json: AsJson = False) -> None:
    """List calendar feeds, without what opens them."""
    items = transport.current().call("GET", "/api/v1/calendar-feeds").json()
    if as_json:
        console.emit_json(items)
        return
    rows = [(i["id"], i["hint"], i["schedule"] or i["person"], i["last_read_at"]) for i in items]
    console.table(("id", "begins", "shows", "last read"), rows)


@app.command("revoke-feed")
def revoke_feed(
    feed_id: Annotated[int, typer.Argument(help="Its id, from oncall feeds.")],
) -> None:
    """Let a calendar feed open nothing any more."""
    transport.current().call("DELETE", f"/api/v1/calendar-feeds/{feed_id}")
    console.say(f"Feed {feed_id} opens nothing any more")
