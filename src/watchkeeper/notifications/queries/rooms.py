"""Reading the rooms of whoever tells them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from watchkeeper.notifications.domain import rooms
from watchkeeper.notifications.domain.rooms import Room
from watchkeeper.notifications.models import Contact
from watchkeeper.notifications.queries.wiring import ready_channels


@dataclass(frozen=True, slots=True)
class RoomRow:
    """A room as it is shown.

    Attributes:
        id: What tells it from others of its holder.
        title: What people call it.
        channel: How it is told.
        address: Where; masked for who may not change what tells it.
        has_secret: Whether what is sent is signed.
        is_wired: Whether its channel can send here.
        failed_at: Since when it is refused for good; ``None``: it is not.
        failure: What was said; empty: nothing, or it is not for these eyes.
    """

    id: str
    title: str
    channel: str
    address: str
    has_secret: bool
    is_wired: bool
    failed_at: dt.datetime | None
    failure: str


def room_rows(holder: str, wanted: Sequence[Room], *, in_clear: bool) -> list[RoomRow]:
    """Return rooms of ``holder`` in the order in which they are ``wanted``, each once.

    Args:
        holder: What tells them, as ``policy shop``.
        wanted: Which.
        in_clear: Whether addresses may be seen.
    """
    keyed = {rooms.key_of(holder, room): room for room in wanted}
    wired = ready_channels()
    kept = {row.name: row for row in Contact.objects.filter(user=None, name__in=keyed)}
    return [
        RoomRow(
            id=key.removeprefix(rooms.PREFIX),
            title=room.title,
            channel=room.channel,
            address=room.address if in_clear else room.masked,
            has_secret=bool(row.sealed_secret),
            is_wired=room.channel in wired,
            failed_at=row.failed_at,
            failure=row.failure if in_clear else "",
        )
        for key, room in keyed.items()
        if (row := kept.get(key)) is not None
    ]
