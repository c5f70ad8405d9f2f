"""Commands of inhibitions."""

from typing import Annotated

import typer

from watchkeeper.alerts.cli.asking import AsJson, call, quoted
from watchkeeper.plumbing import console

inhibition_app = typer.Typer(
    help="What is quiet while a larger alert is open.", no_args_is_help=True
)

Matches = Annotated[
    list[str], typer.Option(help='A matcher, as alertname="ClusterDown"; several times: all hold.')
]


@inhibition_app.callback()
def inhibition_root() -> None:
    """What is quiet while a larger alert is open."""


@inhibition_app.command("list")
def list_inhibitions(as_json: AsJson = False) -> None:
    """List inhibitions with what they keep quiet now."""
    items = call("GET", "/api/v1/inhibitions")
    if as_json:
        console.emit_json(items)
        return
    if not items:
        console.say("There are no inhibitions; they are kept as code, as kind Inhibition")
        return
    rows = [
        (i["name"], " ".join(i["source"]), " ".join(i["target"]), " ".join(i["equal"]) or None,
         i["sources"], i["holds"])
        for i in items
    ]  # fmt: skip
    console.table(("inhibition", "source", "target", "equal", "open", "holds"), rows)


@inhibition_app.command("preview")
def preview(
    source: Matches,
    target: Matches,
    equal: Annotated[list[str] | None, typer.Option(help="A label that both share.")] = None,
    as_json: AsJson = False,
) -> None:
    """Tell which open alerts would be sources, and which would be quiet; changes nothing."""
    body = {"source": source, "target": target, "equal": equal or []}
    found = call("POST", "/api/v1/inhibition-preview", json=body)
    if as_json:
        console.emit_json(found)
        return
    console.say(
        f"{found['source_count']} open alerts are sources; {found['target_count']} would be quiet"
    )
    rows = [
        (i["id"], side, i["severity"], i["service"] or None, i["title"])
        for side in ("source", "target")
        for i in found[f"{side}s"]
    ]
    if rows:
        console.table(("id", "side", "severity", "service", "title"), rows)
    if not found["is_complete"]:
        console.warn("Only the newest 20,000 were looked at")


@inhibition_app.command("remove")
def remove(name: Annotated[str, typer.Argument(help="An inhibition's name.")]) -> None:
    """Remove an inhibition; what it kept quiet and still fires pages then."""
    call("DELETE", f"/api/v1/inhibitions/{quoted(name)}")
    console.say(f"Inhibition {name} is removed")
