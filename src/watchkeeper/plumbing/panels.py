"""Sections that slices above add to a page of a slice below."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import structlog

from watchkeeper.kernel.actors import Actor

logger = structlog.get_logger(__name__)


class Panel(Protocol):
    """One section of the page of something; made without arguments.

    Attributes:
        template: Template of the section, which finds its context as ``panel``.
    """

    template: str

    def context(self, name: str, /, *, actor: Actor, now: dt.datetime) -> Mapping[str, Any] | None:
        """Return the context for the thing of that name; ``None`` leaves the section out."""
        ...


def shown(
    panels: Sequence[Panel], name: str, *, actor: Actor, now: dt.datetime
) -> list[tuple[str, Mapping[str, Any]]]:
    """Return template and context of each section; one that fails does not take the page along."""
    found = []
    for panel in panels:
        try:
            context = panel.context(name, actor=actor, now=now)
        except Exception:  # the page stands without it
            logger.exception("a panel failed", panel=type(panel).__name__)
            continue
        if context is not None:
            found.append((panel.template, context))
    return found
