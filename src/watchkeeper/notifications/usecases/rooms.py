"""Rooms of whoever tells them, as an escalation policy: kept, given a secret, forgotten.

Who calls this has made sure that the actor may change what tells them.
"""

import datetime as dt
import secrets
from collections.abc import Collection, Mapping, Sequence

from django.db import transaction
from django.db.models import Exists, OuterRef

from watchkeeper.kernel import access
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.errors import InvalidError, NotFoundError, Problem
from watchkeeper.kernel.origins import Origin
from watchkeeper.notifications import queries
from watchkeeper.notifications.domain import plan, rooms
from watchkeeper.notifications.domain.rooms import Room, RoomSpec
from watchkeeper.notifications.models import Contact, Delivery
from watchkeeper.notifications.ports import Message, Planned
from watchkeeper.notifications.usecases import deliveries, signing
from watchkeeper.notifications.usecases.deliveries import OPEN
from watchkeeper.plumbing import secret_box, served_address

RETIRED_FOR = dt.timedelta(days=2)
"""How long a room is kept that nothing tells any more; longer where something under way does."""


class RoomNotFoundError(NotFoundError):
    """There is no such room."""

    code = "room_not_found"


@transaction.atomic
def keep_rooms(
    *,
    actor: Actor,
    holder: str,
    specs: Sequence[RoomSpec],
    origin: Origin,
    now: dt.datetime,
) -> bool:
    """Let these be the rooms that ``holder`` tells; others stay for what is under way.

    Trust goes as with contacts: an address that an admin writes may be internal. One that somebody
    else wrote does not become so when an admin saves it unchanged, unless in a file. A webhook
    without a secret gets one.

    Args:
        actor: Who.
        holder: What tells them, as ``policy shop``.
        specs: The rooms without faults.
        origin: Where this comes from.
        now: The present.

    Returns:
        Whether a secret is another one now.

    Raises:
        InvalidError: one address is given two secrets, or the actor may not name the secret.
    """
    is_admin = access.may(actor, Permission.ADMINISTER)
    given = _secrets(specs, is_admin=is_admin)
    wanted = {rooms.key_of(holder, spec.room): spec.room for spec in specs}
    retire_rooms(holder=holder, now=now, except_for=wanted)
    has_sealed = False
    for row in _made_sure_of(holder, wanted, now=now):
        room = wanted[row.name]
        vouches = is_admin and origin is Origin.FILE
        is_new, row.retired_at = row.retired_at is not None, None
        row.is_by_admin = is_admin if is_new else row.is_by_admin or vouches
        row.title = room.title
        secret = given.get((room.channel, room.address))
        if secret is None and room.channel == "webhook" and not row.sealed_secret:
            secret = signing.new_secret()
        if secret is not None and not signing.has_secret(row, secret):
            row.sealed_secret = signing.seal(secret, user_id=None, name=row.name)
            has_sealed = True
        row.save()
    return has_sealed


def _made_sure_of(holder: str, wanted: Mapping[str, Room], *, now: dt.datetime) -> list[Contact]:
    """Return rooms, locked; one that was not there is as one that nothing told so far."""
    fresh = [
        Contact(
            holder=holder,
            name=key,
            channel=room.channel,
            address=room.address,
            verified=True,
            retired_at=now,
        )
        for key, room in wanted.items()
    ]
    Contact.objects.bulk_create(fresh, ignore_conflicts=True)
    rows = Contact.objects.select_for_update().filter(user=None, name__in=wanted)
    return list(rows.order_by("pk"))


def retire_rooms(
    *, holder: str, now: dt.datetime, except_for: Collection[str] = frozenset()
) -> None:
    """Note that ``holder`` tells its rooms no longer; what is under way still does.

    Args:
        holder: What told them.
        now: The present.
        except_for: Keys of those that it still tells.
    """
    rows = Contact.objects.filter(user=None, holder=holder, retired_at__isnull=True)
    rows.exclude(name__in=except_for).update(retired_at=now)


def forget_rooms(*, under_way: Collection[str], now: dt.datetime) -> int:
    """Remove rooms that nothing tells any more, with their secrets; return how many.

    Args:
        under_way: Holders for which something is under way, which may tell any of their rooms.
        now: The present.
    """
    waiting = Delivery.objects.filter(user=None, contact=OuterRef("name"), state__in=OPEN)
    rows = Contact.objects.filter(user=None, retired_at__lte=now - RETIRED_FOR)
    rows = rows.exclude(holder__in=under_way).exclude(Exists(waiting))
    return rows.delete()[0]


def _secrets(specs: Sequence[RoomSpec], *, is_admin: bool) -> dict[tuple[str, str], str]:
    """Return the secrets that are given, by channel and address."""
    found: dict[tuple[str, str], str] = {}
    for spec in specs:
        if spec.secret is None:
            continue
        path = f"{spec.path}.secret"
        if not is_admin and secret_box.is_reference(spec.secret):
            message = "only an admin may name a secret that is kept elsewhere"
            raise InvalidError(message, [Problem(message, path=path)])
        place = (spec.room.channel, spec.room.address)
        if found.setdefault(place, spec.secret) != spec.secret:
            message = f"{spec.room.title} has another secret elsewhere in this policy"
            raise InvalidError(message, [Problem(message, path=path)])
    return found


@transaction.atomic
def try_room(*, holder: str, room: str, now: dt.datetime) -> str:
    """Tell a room that nothing is wrong; return the id of the delivery.

    Raises:
        RoomNotFoundError: ``holder`` tells no room of that id.
        InvalidError: nothing sends by its channel here.
    """
    key = f"{rooms.PREFIX}{room}"
    row = Contact.objects.filter(user=None, holder=holder, name=key, retired_at=None).first()
    if row is None:
        raise RoomNotFoundError(f"The {holder} tells no room {room}")
    if row.channel not in queries.ready_channels():
        raise InvalidError(f"{row.title} cannot be told: {plan.not_wired(row.channel)}")
    page_id = f"test-{secrets.token_hex(12)}"
    message = Message(
        page_id=page_id,
        may_repeat=False,
        person="",
        step=0,
        urgency="high",
        title="Test from Watchkeeper: nothing is wrong",
        url=f"{served_address.base()}/",
        room=row.title,
        is_test=True,
    )
    deliveries.schedule([Planned(page_id, page_id, "", key, now, message)], now=now)
    return page_id


@transaction.atomic
def remake_room_secret(*, holder: str, room: str) -> str:
    """Make a new secret for a webhook and return it, this once; the old one signs no more.

    Raises:
        RoomNotFoundError: ``holder`` tells no webhook of that id.
    """
    key = f"{rooms.PREFIX}{room}"
    row = Contact.objects.filter(user=None, holder=holder, name=key, channel="webhook").first()
    if row is None:
        raise RoomNotFoundError(f"The {holder} tells no webhook {room}")
    secret = signing.new_secret()
    row.sealed_secret = signing.seal(secret, user_id=None, name=key)
    row.save(update_fields=["sealed_secret"])
    return secret
