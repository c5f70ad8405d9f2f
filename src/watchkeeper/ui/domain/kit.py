"""One invented shop and one night, as examples for the kit page."""

from typing import Any


def everything() -> dict[str, Any]:
    """Return the context of the kit page."""
    return {}
