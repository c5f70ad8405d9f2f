"""Finding the channels and the keeper of pages that are wired."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from watchkeeper.notifications.ports import Channel, PageKeeper, Planned


def channels() -> Mapping[str, Channel]:
    """Return the channels that are wired, by name; some may lack their settings."""
    wired: Mapping[str, str] = getattr(settings, "WATCHKEEPER_CHANNELS", {})
    return {name: _made(dotted) for name, dotted in wired.items()}


def ready_channels() -> frozenset[str]:
    """Return the names of the channels that can send."""
    return frozenset(name for name, channel in channels().items() if channel.is_ready())


@cache
def _made(dotted: str) -> Any:
    return import_string(dotted)()


class _NoKeeper:
    """Stands in where nobody keeps pages: all are wanted, nobody stands in for one."""

    def unwanted(self, page_ids: Collection[str]) -> Mapping[str, str]:
        """See ``PageKeeper``."""
        del page_ids
        return {}

    def others(self, page_ids: Collection[str], *, now: dt.datetime) -> Sequence[Planned]:
        """See ``PageKeeper``."""
        del page_ids, now
        return ()


def page_keeper() -> PageKeeper:
    """Return who wrote the pages."""
    dotted: str = getattr(settings, "WATCHKEEPER_PAGE_KEEPER", "")
    keeper: PageKeeper = _made(dotted) if dotted else _NoKeeper()
    return keeper
