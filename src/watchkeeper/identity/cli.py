"""Commands of people, teams and tokens."""

from typing import Annotated, Any

import typer
from django.conf import settings

from watchkeeper.plumbing import console, served_address, transport

user_app = typer.Typer(help="People and their accounts.", no_args_is_help=True)
token_app = typer.Typer(help="API tokens.", no_args_is_help=True)
team_app = typer.Typer(help="Teams.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name.")]
Team = Annotated[str | None, typer.Option(help="Team it holds in; default: everywhere.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]


@user_app.command("create")
def create_user(
    name: Name,
    email: Annotated[str, typer.Option(help="Mail address.")],
    role: Annotated[str, typer.Option(help="viewer, responder, editor, manager, admin, auditor.")],
    team: Annotated[str | None, typer.Option(help="Team to join.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a person, and print a link that lets them in."""
    call = transport.current().call
    body = {"name": name, "email": email, "role": role, "team": team}
    person = call("POST", "/api/v1/people", json=body).json()
    link = _url(call("POST", f"/api/v1/people/{name}/link").json()["path"])
    if as_json:
        console.emit_json(person | {"link": link})
        return
    console.say(f"{name} is made; they come in, once and within a day, by {link}")


@user_app.command("link")
def link_user(name: Name) -> None:
    """Print a link that signs a person in, once; it ends a lock-out."""
    path = transport.current().call("POST", f"/api/v1/people/{name}/link").json()["path"]
    console.say(_url(path))


@user_app.command("list")
def list_users(as_json: AsJson = False) -> None:
    """List people."""
    items = _all("/api/v1/people")
    if as_json:
        console.emit_json(items)
        return
    rows = [
        (i["name"], i["role"], ", ".join(i["teams"]), "yes" if i["can_sign_in"] else "no")
        for i in items
    ]
    console.table(("name", "role", "teams", "can sign in"), rows)


@token_app.command("create")
def create_token(
    name: Annotated[str, typer.Option(help="Name.")],
    role: Annotated[str, typer.Option(help="viewer, responder, editor, manager, admin, auditor.")],
    team: Team = None,
    expires: Annotated[str, typer.Option(help="How long it lasts, as 90d.")] = "90d",
    as_json: AsJson = False,
) -> None:
    """Make a token; it is told once."""
    body = {"name": name, "role": role, "team": team, "expires": expires}
    made = transport.current().call("POST", "/api/v1/tokens", json=body).json()
    if as_json:
        console.emit_json(made)
        return
    console.warn(f"Keep it now; it is not told again. It ends {made['expires_at']}.")
    console.say(made["token"])


@token_app.command("list")
def list_tokens(as_json: AsJson = False) -> None:
    """List tokens, without what opens."""
    items = _all("/api/v1/tokens")
    if as_json:
        console.emit_json(items)
        return
    rows = [(i["name"], i["hint"], i["role"], i["team"], i["expires_at"]) for i in items]
    console.table(("name", "begins", "role", "team", "expires"), rows)


@token_app.command("revoke")
def revoke_token(name: Name) -> None:
    """End a token at once."""
    transport.current().call("DELETE", f"/api/v1/tokens/{name}")
    console.say(f"{name} opens nothing any more")


@team_app.command("list")
def list_teams(as_json: AsJson = False) -> None:
    """List teams."""
    items = _all("/api/v1/teams")
    if as_json:
        console.emit_json(items)
        return
    rows = [(i["name"], i["title"], i["member_count"], i["origin"]) for i in items]
    console.table(("name", "title", "members", "origin"), rows)


def _all(path: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    params = {"limit": "200"}
    while True:
        page = transport.current().call("GET", path, params=params).json()
        items += page["items"]
        if page["next"] is None:
            return items
        params["cursor"] = page["next"]


def _url(path: str) -> str:
    """Return the whole address: the server asked, or else the public one, or the one served."""
    environment = settings.WATCHKEEPER
    base = environment.url or environment.public_url or served_address.recall(environment.data)
    return f"{str(base).rstrip('/')}{path}"
