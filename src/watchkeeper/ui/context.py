"""What every screen's shell is filled with."""

from typing import Any

from django.http import HttpRequest


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return what the shell shows around a page."""
    del request
    return {}
