"""Commands of maintenance windows and changes."""

from typing import Annotated, Any
from urllib.parse import quote

import typer

from watchkeeper.changes.domain import ranges
from watchkeeper.kernel import clock
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.plumbing import console, transport

change_app = typer.Typer(help="Deploys, flags, configuration.", no_args_is_help=True)
maintenance_app = typer.Typer(help="Maintenance windows.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]
Name = Annotated[str, typer.Argument(help="A maintenance window's name.")]


@maintenance_app.callback()
def root() -> None:
    """Maintenance windows."""


@maintenance_app.command("list")
def list_windows(
    service: Annotated[str | None, typer.Option(help="Only those of this service.")] = None,
    as_json: AsJson = False,
) -> None:
    """List maintenance windows: what is on, comes and was."""
    params = {"service": service} if service is not None else {}
    items = transport.current().call("GET", "/api/v1/maintenance", params=params).json()
    if as_json:
        console.emit_json(items)
        return
    if not items:
        console.say("There are no maintenance windows")
        return
    rows = [
        (i["name"], i["state"], ", ".join(i["services"]), i["since"] or i["next_start"],
         i["until"] or i["next_end"], i["recurrence"] or None)
        for i in items
    ]  # fmt: skip
    console.table(("maintenance", "state", "services", "from", "to", "recurrence"), rows)


@maintenance_app.command("create")
def create(
    name: Name,
    service: Annotated[list[str], typer.Option(help="A service; may be given several times.")],
    start: Annotated[
        str | None,
        typer.Option(
            "--from", help="Wall time in --time-zone, as 2026-02-03T02:00:00; default: now."
        ),
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="When it ends, likewise.")] = None,
    length: Annotated[
        str | None, typer.Option("--for", help="Instead of --to, from now on: 90m, 2h, 1d.")
    ] = None,
    time_zone: Annotated[str, typer.Option(help="By whose clocks, as Europe/Berlin.")] = "UTC",
    recurrence: Annotated[
        str, typer.Option(help="How it comes again, as FREQ=WEEKLY;BYDAY=SA.")
    ] = "",
    exclude: Annotated[
        bool, typer.Option("--exclude", help="Its minutes do not count for SLOs.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why, for those who look at it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Put services into maintenance: their alerts open and page nobody meanwhile."""
    begins, ends = ranges.asked(start, end, length, now=clock.now())
    body = {
        "name": name, "services": service, "start": begins, "end": ends, "time_zone": time_zone,
        "recurrence": recurrence, "exclude": exclude, "reason": reason,
    }  # fmt: skip
    made = transport.current().call("POST", "/api/v1/maintenance", json=body).json()
    _tell(made, as_json=as_json)


@maintenance_app.command("end")
def end_window(name: Name, as_json: AsJson = False) -> None:
    """End early what is on; later times of it still come."""
    ended = transport.current().call("POST", f"{_path(name)}/end").json()
    if as_json:
        console.emit_json(ended)
        return
    then = f"; it is on again from {ended['next_start']}" if ended["next_start"] else ""
    console.say(f"Maintenance {name} has ended{then}")


@maintenance_app.command("remove")
def remove(name: Name) -> None:
    """Remove a maintenance window; what it kept quiet and still fires pages then."""
    transport.current().call("DELETE", _path(name))
    console.say(f"Maintenance {name} is removed")


def _path(name: str) -> str:
    return f"/api/v1/maintenance/{quote(name, safe='')}"


def _tell(row: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        console.emit_json(row)
        return
    services = ", ".join(row["services"])
    if row["until"]:
        console.say(f"Maintenance {row['name']} of {services} is on until {row['until']}")
    elif row["next_start"]:
        when = f"from {row['next_start']} to {row['next_end']}"
        console.say(f"Maintenance {row['name']} of {services} comes {when}")
    else:
        console.warn(f"Maintenance {row['name']} is over already; it keeps nothing quiet")


@change_app.callback()
def change_root() -> None:
    """Deploys, flags, configuration."""


@change_app.command("send")
def send(
    title: Annotated[str, typer.Option(help="One line, as: shop 1.8.2.")],
    service: Annotated[str, typer.Option(help="The service that changes.")] = "",
    kind: Annotated[str, typer.Option(help="deploy, flag or config.")] = "deploy",
    key: Annotated[
        str, typer.Option("--id", help="What makes two of them one; default: each is its own.")
    ] = "",
    at: Annotated[str, typer.Option(help="When, as 2026-03-02T00:00:00Z; default: now.")] = "",
    link: Annotated[str, typer.Option(help="Address where more stands.")] = "",
    author: Annotated[str, typer.Option(help="Who did it.")] = "",
    label: Annotated[
        list[str] | None, typer.Option(help="A pair, as region=eu; may be given several times.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell that something changed; alerts of the next hour show it."""
    body = {
        "title": title, "service": service, "kind": kind, "id": key, "at": at, "url": link,
        "author": author, "labels": _pairs(label or []),
    }  # fmt: skip
    made = transport.current().call("POST", "/api/v1/changes", json=body).json()
    if as_json:
        console.emit_json(made)
        return
    console.say(f"Change {made['id']}: {made['title']} at {made['at']}")


def _pairs(labels: list[str]) -> dict[str, str]:
    pairs = {}
    for label in labels:
        name, separator, value = label.partition("=")
        if not name or not separator:
            raise InvalidError(f"--label {label!r} is no pair, as region=eu")
        pairs[name] = value
    return pairs


@change_app.command("list")
def list_changes(
    service: Annotated[str, typer.Option(help="Only of this service.")] = "",
    kind: Annotated[str, typer.Option(help="Only deploy, flag or config.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the newest changes."""
    params = {"service": service, "kind": kind}
    page = transport.current().call("GET", "/api/v1/changes", params=params).json()
    if as_json:
        console.emit_json(page["items"])
        return
    if not page["items"]:
        console.say("There are no changes")
        return
    rows = [(i["at"], i["kind"], i["service"] or None, i["title"]) for i in page["items"]]
    console.table(("at", "kind", "service", "change"), rows)
