"""What all commands of alerts ask by."""

from typing import Annotated, Any
from urllib.parse import quote

import typer

from watchkeeper.plumbing import transport

AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]


def quoted(name: str) -> str:
    """Return a name as a part of an address."""
    return quote(name, safe="")


def call(method: str, path: str, **more: Any) -> Any:
    """Ask the API and return what it answers."""
    return transport.current().call(method, path, **more).json()


def all_of(path: str, asked: dict[str, str]) -> list[dict[str, Any]]:
    """Return every item of a list, page by page."""
    items: list[dict[str, Any]] = []
    params = asked | {"limit": "200"}
    while True:
        page = call("GET", path, params=params)
        items += page["items"]
        if page["next"] is None:
            return items
        params = params | {"cursor": page["next"]}
