"""Which contacts of a person are called for a page, and when."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from watchkeeper.notifications.domain import day_hours
from watchkeeper.notifications.domain.day_hours import DayHours

UNVERIFIED = "the contact is not verified"
NOT_WIRED = "nothing sends by this channel here; its settings are missing"
_MISSING = {
    "apprise": "nothing sends by apprise here; install the extra: "
    "pip install 'watchkeeper[apprise]'",
}


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact as far as planning needs it.

    Attributes:
        name: Its name.
        channel: How it is called.
        verified: Whether the person is known to answer there.
    """

    name: str
    channel: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Reach:
    """How one person can be reached.

    Attributes:
        contacts: In the order in which the person wrote them.
        rules: For each urgency (contact, after), as the person wrote them.
        quiet: When low urgency waits; ``None``: never.
        zone: IANA name of the zone that they live in.
    """

    contacts: Sequence[Contact] = ()
    rules: Mapping[str, Sequence[tuple[str, dt.timedelta]]] = field(default_factory=dict)
    quiet: DayHours | None = None
    zone: str = "UTC"

    def is_usable(self, wired: frozenset[str]) -> bool:
        """Return whether a contact is verified and by a channel that works here."""
        return any(is_usable(contact, wired) for contact in self.contacts)


@dataclass(frozen=True, slots=True)
class Call:
    """One call that is planned, or left out with a reason.

    Attributes:
        rule: Place of the rule, from 0.
        contact: Name of the contact.
        after: How long after the page is due.
        skipped: Why it is not called; empty: it is.
    """

    rule: int
    contact: str
    after: dt.timedelta
    skipped: str = ""


def is_usable(contact: Contact, wired: frozenset[str]) -> bool:
    """Return whether ``contact`` can be called: verified, and by a channel that works here."""
    return contact.verified and contact.channel in wired


def calls(reach: Reach, urgency: str, *, wired: frozenset[str]) -> list[Call]:
    """Return the calls for one page of ``urgency``, those left out too, in order of the rules.

    Somebody without rules for the urgency, or none of whose rules can be followed, is called by
    every usable contact at once: a page too many is better than one too few.
    """
    known = {contact.name: contact for contact in reach.contacts}
    found = [
        Call(place, name, after, _why_not(known[name], wired))
        for place, (name, after) in enumerate(reach.rules.get(urgency, ()))
        if name in known
    ]
    if any(not call.skipped for call in found):
        return found
    used = {call.contact for call in found}
    first = len(reach.rules.get(urgency, ()))
    usable = [c for c in reach.contacts if is_usable(c, wired) and c.name not in used]
    return found + [
        Call(first + place, contact.name, dt.timedelta()) for place, contact in enumerate(usable)
    ]


def due_at(reach: Reach, urgency: str, wanted: dt.datetime) -> dt.datetime:
    """Return when a call that is wanted at an instant is due: low urgency waits in quiet hours.

    High urgency never does.
    """
    if urgency != "low" or reach.quiet is None:
        return wanted
    over = day_hours.over_at(reach.quiet, wanted, day_hours.zone_of(reach.zone))
    return wanted if over is None else over


def spare(reach: Reach, tried: frozenset[str], *, wired: frozenset[str]) -> str | None:
    """Return the next usable contact that was not ``tried``; ``None`` if there is none."""
    for contact in reach.contacts:
        if contact.name not in tried and is_usable(contact, wired):
            return contact.name
    return None


def not_wired(channel: str) -> str:
    """Return why nothing is sent by ``channel``, which is not wired, and what to do."""
    return _MISSING.get(channel, NOT_WIRED)


def _why_not(contact: Contact, wired: frozenset[str]) -> str:
    if not contact.verified:
        return UNVERIFIED
    return "" if contact.channel in wired else not_wired(contact.channel)
