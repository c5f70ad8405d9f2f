"""Commands of services and journeys."""

from typing import Annotated, Any

import typer

from watchkeeper.plumbing import console, transport

service_app = typer.Typer(help="Services and what they need.", no_args_is_help=True)
journey_app = typer.Typer(help="What customers do, over services.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]


@service_app.command("list")
def list_services(
    team: Annotated[str | None, typer.Option(help="Only those of this team.")] = None,
    tier: Annotated[int | None, typer.Option(help="Only this tier.", min=0, max=3)] = None,
    journey: Annotated[str | None, typer.Option(help="Only those of this journey.")] = None,
    as_json: AsJson = False,
) -> None:
    """List services."""
    asked = {"owner": team, "tier": tier, "journey": journey}
    items = _all("/api/v1/services", {k: str(v) for k, v in asked.items() if v is not None})
    if as_json:
        console.emit_json(items)
        return
    rows = [
        (i["name"], i["tier"], i["owner"], i["lifecycle"] or None, len(i["hard"]) + len(i["soft"]))
        for i in items
    ]
    console.table(("service", "tier", "owner", "lifecycle", "needs"), rows)


@service_app.command("findings")
def list_findings(as_json: AsJson = False) -> None:
    """List what is wrong with the catalogue: owners, cycles, tiers, single points of failure."""
    items = transport.current().call("GET", "/api/v1/catalog/findings").json()
    if as_json:
        console.emit_json(items)
        return
    console.table(
        ("finding", "about", "why"), [(i["kind"], i["subject"], i["detail"]) for i in items]
    )


@journey_app.command("list")
def list_journeys(as_json: AsJson = False) -> None:
    """List journeys."""
    items = _all("/api/v1/journeys", {})
    if as_json:
        console.emit_json(items)
        return
    rows = [(i["name"], i["title"], i["owner"], ", ".join(i["services"])) for i in items]
    console.table(("journey", "title", "owner", "services"), rows)


def _all(path: str, asked: dict[str, str]) -> list[dict[str, Any]]:
    """Return every item of a list, page by page."""
    items: list[dict[str, Any]] = []
    params = asked | {"limit": "200"}
    while True:
        page = transport.current().call("GET", path, params=params).json()
        items += page["items"]
        if page["next"] is None:
            return items
        params = params | {"cursor": page["next"]}
