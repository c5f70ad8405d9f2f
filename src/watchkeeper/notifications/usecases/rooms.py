"""Rooms of whoever tells them, as an escalation policy: kept, given a secret, forgotten.

Who calls this has made sure that the actor may change what tells them.
"""

from collections.abc import Collection, Sequence

from django.db import transaction

from watchkeeper.kernel import access
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.errors import InvalidError, NotFoundError, Problem
from watchkeeper.kernel.origins import Origin
from watchkeeper.notifications.domain import rooms
from watchkeeper.notifications.domain.rooms import Room, RoomSpec
from watchkeeper.notifications.models import Contact
from watchkeeper.notifications.usecases import signing
from watchkeeper.plumbing import secret_box


class RoomNotFoundError(NotFoundError):
    """There is no such room."""

    code = "room_not_found"


@transaction.atomic
def keep_rooms(
    *,
    actor: Actor,
    holder: str,
    specs: Sequence[RoomSpec],
    before: Collection[Room],
    origin: Origin,
) -> bool:
    """Make sure of the rooms that are told by ``holder``; what is told no longer stays for now.

    Trust goes as with contacts: an address that an admin writes may be internal. One that somebody
    else wrote does not become so when an admin saves it unchanged, unless in a file. A webhook
    without a secret gets one.

    Args:
        actor: Who.
        holder: What tells them, as ``policy shop``.
        specs: The rooms without faults.
        before: Those that it told until now.
        origin: Where this comes from.

    Returns:
        Whether a secret is another one now.

    Raises:
        InvalidError: one address is given two secrets, or the actor may not name the secret.
    """
    is_admin = access.may(actor, Permission.ADMINISTER)
    given = _secrets(specs, is_admin=is_admin)
    known = {(room.channel, room.address) for room in before}
    wanted = {rooms.key_of(holder, spec.room): spec.room for spec in specs}
    kept = {row.name: row for row in Contact.objects.filter(user=None, name__in=wanted)}
    has_sealed = False
    for key, room in wanted.items():
        row = kept.get(key) or Contact(holder=holder, name=key, verified=True)
        if (room.channel, room.address) not in known:
            row.is_by_admin = is_admin
        row.is_by_admin = row.is_by_admin or (is_admin and origin is Origin.FILE)
        row.channel, row.address, row.title = room.channel, room.address, room.title
        secret = given.get((room.channel, room.address))
        if secret is None and room.channel == "webhook" and not row.sealed_secret:
            secret = signing.new_secret()
        if secret is not None and not signing.has_secret(row, secret):
            row.sealed_secret = signing.seal(secret, user_id=None, name=key)
            has_sealed = True
        row.save()
    return has_sealed


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
def remake_room_secret(*, holder: str, key: str) -> str:
    """Make a new secret for a webhook and return it, this once; the old one signs no more.

    Raises:
        RoomNotFoundError: ``holder`` tells no webhook of that key.
    """
    row = Contact.objects.filter(user=None, holder=holder, name=key, channel="webhook").first()
    if row is None:
        raise RoomNotFoundError(f"There is no webhook {key} of the {holder}")
    secret = signing.new_secret()
    row.sealed_secret = signing.seal(secret, user_id=None, name=key)
    row.save(update_fields=["sealed_secret"])
    return secret
