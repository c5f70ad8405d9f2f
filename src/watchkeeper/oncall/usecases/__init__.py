"""Writes of oncall: schedules, overrides, calendar feeds, escalation policies."""

from watchkeeper.oncall.usecases.feeds import MadeFeed, make_feed, note_read, revoke_feed
from watchkeeper.oncall.usecases.overrides import (
    OverrideIsPastError,
    WantedOverride,
    add_override,
    end_override,
    may_end,
    may_override,
)
from watchkeeper.oncall.usecases.policies import (
    remake_room_secret,
    remove_policy,
    save_policy,
    take_over_policy,
    try_room,
)
from watchkeeper.oncall.usecases.schedules import (
    remove_sample,
    remove_schedule,
    save_schedule,
    take_over_schedule,
)

__all__ = [
    "MadeFeed",
    "OverrideIsPastError",
    "WantedOverride",
    "add_override",
    "end_override",
    "make_feed",
    "may_end",
    "may_override",
    "note_read",
    "remake_room_secret",
    "remove_policy",
    "remove_sample",
    "remove_schedule",
    "revoke_feed",
    "save_policy",
    "save_schedule",
    "take_over_policy",
    "take_over_schedule",
    "try_room",
]
