"""Commands of integrations."""

from typing import Annotated, Any

import typer

from watchkeeper.alerts.cli.asking import AsJson, all_of, call, quoted
from watchkeeper.plumbing import console

integration_app = typer.Typer(help="Senders and their keys.", no_args_is_help=True)

Integration = Annotated[str, typer.Argument(help="An integration's name.")]


@integration_app.callback()
def root() -> None:
    """Senders and their keys."""


@integration_app.command("create")
def create(
    kind: Annotated[str, typer.Argument(help="As alertmanager, datadog, cloudwatch, generic.")],
    name: Annotated[str, typer.Option(help="Its name.")],
    service: Annotated[
        str, typer.Option(help="Service that its events are about where they do not say.")
    ] = "",
    scope: Annotated[
        str, typer.Option(help="Integrations of one scope share dedup keys; default: its name.")
    ] = "",
    interval: Annotated[str, typer.Option(help="How long a heartbeat may be silent, as 5m.")] = "",
    auto_close: Annotated[
        str, typer.Option(help="End alerts that it says nothing of for so long, as 2d.")
    ] = "",
    flapping: Annotated[
        str, typer.Option(help="off: page each time for what comes and goes too often.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Make an integration and tell its address and key."""
    settings = {"interval": interval} if interval else {}
    settings |= {"autoClose": auto_close} if auto_close else {}
    settings |= {"flapping": flapping} if flapping else {}
    body = {"name": name, "kind": kind, "service": service, "dedup_scope": scope}
    answer = call("POST", "/api/v1/integrations", json=body | {"settings": settings})
    _tell(answer, as_json=as_json)


@integration_app.command("show")
def show(name: Integration, as_json: AsJson = False) -> None:
    """Tell an integration's address and key."""
    _tell(call("GET", f"/api/v1/integrations/{quoted(name)}/key"), as_json=as_json)


@integration_app.command("rotate")
def rotate(name: Integration, as_json: AsJson = False) -> None:
    """Make a new key; the one before it is good for a day longer."""
    _tell(call("POST", f"/api/v1/integrations/{quoted(name)}/rotate"), as_json=as_json)


@integration_app.command("remove")
def remove(name: Integration) -> None:
    """Remove an integration; its key opens nothing any more, what came stays."""
    call("DELETE", f"/api/v1/integrations/{quoted(name)}")
    console.say(f"{name} is removed")


@integration_app.command("list")
def list_integrations(as_json: AsJson = False) -> None:
    """List integrations."""
    items = all_of("/api/v1/integrations", {})
    if as_json:
        console.emit_json(items)
        return
    rows = [
        (
            i["name"],
            i["kind"],
            i["service"] or None,
            i["last_post_at"],
            ", ".join(f"{n} {verdict}" for verdict, n in sorted(i["verdicts"].items())) or None,
        )
        for i in items
    ]
    console.table(("integration", "kind", "service", "last post", "events, 24 h"), rows)


def _tell(answer: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        console.emit_json(answer)
        return
    console.say(f"{answer['name']} ({answer['kind']})")
    console.say(f"address: {answer['url']}")
    console.say(f"key:     {answer['key']}")
    for snippet in answer["setup"]:
        console.say(f"\n{snippet['label']}:\n{snippet['text'].rstrip()}")
