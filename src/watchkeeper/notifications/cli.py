"""Commands that page people."""

import time
from typing import Annotated, Any

import typer

from watchkeeper.kernel import clock
from watchkeeper.plumbing import console, transport

page_app = typer.Typer(help="Pages.", no_args_is_help=True)
_LOOK_SECONDS = 0.5
_OPEN = {"scheduled", "sending"}

AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]


@page_app.command("test")
def send_test_page(
    person: Annotated[str, typer.Argument(help="Whom to page.")],
    contact: Annotated[
        str | None, typer.Option(help="One contact, verified or not; default: all.")
    ] = None,
    wait: Annotated[int, typer.Option(min=0, help="Seconds to wait for what comes of it.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Send a page that says it is a test, and tell what came of it."""
    call = transport.current().call
    body = {"contact": contact}
    made = call("POST", f"/api/v1/people/{person}/test-page", json=body).json()["pages"]
    end = clock.monotonic() + wait
    while True:
        pages = [call("GET", f"/api/v1/pages/{page['page_id']}").json() for page in made]
        if clock.monotonic() >= end or not any(page["state"] in _OPEN for page in pages):
            break
        time.sleep(_LOOK_SECONDS)
    _tell(pages, as_json=as_json)
    if any(page["state"] != "delivered" for page in pages):
        raise typer.Exit(1)


@page_app.command("code")
def send_code(
    person: Annotated[str, typer.Argument(help="Whose contact.")],
    contact: Annotated[str, typer.Option(help="The contact that a code is sent to.")],
    as_json: AsJson = False,
) -> None:
    """Send a code to a contact; who types it in is known to answer there."""
    path = f"/api/v1/people/{person}/contacts/{contact}/code"
    sent = transport.current().call("POST", path, json={}).json()
    if as_json:
        console.emit_json(sent)
        return
    console.say(f"A code is on its way to {contact}; it is good until {sent['good_until']}.")


@page_app.command("verify")
def verify(
    person: Annotated[str, typer.Argument(help="Whose contact.")],
    contact: Annotated[str, typer.Option(help="The contact that the code was sent to.")],
    code: Annotated[str, typer.Option(help="Six digits.")],
) -> None:
    """Let a contact be used for pages, by the code that was sent there."""
    path = f"/api/v1/people/{person}/contacts/{contact}/verify"
    transport.current().call("POST", path, json={"code": code})
    console.say(f"The contact {contact} is verified.")


@page_app.command("list")
def list_pages(
    person: Annotated[str, typer.Option(help="Only those for this person.")] = "",
    channel: Annotated[str, typer.Option(help="Only those by this channel.")] = "",
    state: Annotated[str, typer.Option(help="Only those in this state.")] = "",
    since: Annotated[str, typer.Option("--from", help="Due from this instant on.")] = "",
    until: Annotated[str, typer.Option("--to", help="Due before this instant.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List pages and what became of them, those that were planned last first."""
    asked = {"person": person, "channel": channel, "state": state, "from": since, "to": until}
    params = {name: value for name, value in asked.items() if value} | {"limit": str(limit)}
    items = transport.current().call("GET", "/api/v1/pages", params=params).json()["items"]
    if as_json:
        console.emit_json(items)
        return
    rows = [(p["due_at"], *_whom(p), p["title"], p["state"]) for p in items]
    console.table(("due", "person", "contact", "of", "state"), rows)


def _whom(page: dict[str, Any]) -> tuple[str, str]:
    """Return who is called and how, or which room is told and how."""
    if page["room"]:
        return f"room {page['room']}", page["channel"]
    return page["person"], page["contact"]


def _tell(pages: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        console.emit_json(pages)
        return
    rows = [(p["contact"], p["state"], p["reason"], len(p["attempts"])) for p in pages]
    console.table(("contact", "state", "reason", "attempts"), rows)
