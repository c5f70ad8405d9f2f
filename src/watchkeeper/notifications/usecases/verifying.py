"""Proving that a person answers at a contact: a code is sent there, and typed in here."""

import datetime as dt
import secrets
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.errors import ConflictError, InvalidError, LimitError, Problem
from watchkeeper.notifications import queries
from watchkeeper.notifications.domain import plan, verifying
from watchkeeper.notifications.models import Contact, SentCode
from watchkeeper.notifications.ports import Message, Planned
from watchkeeper.notifications.usecases import contacts, deliveries
from watchkeeper.plumbing import served_address
from watchkeeper.plumbing.keys import Keyring


class CodeLimitError(LimitError):
    """Enough codes were sent for now."""

    code = "code_limit"


class NoCodeError(ConflictError):
    """There is no code that could be typed in: none was sent, or it is too old."""

    code = "no_code"


@dataclass(frozen=True, slots=True)
class CodeSent:
    """A code that is on its way.

    Attributes:
        page_id: Id of the page that carries it.
        good_until: Until when it can be typed in.
    """

    page_id: str
    good_until: dt.datetime


@cache
def _derived(path: Path) -> bytes:
    return Keyring.load(path).derive("contact codes")


def _key() -> bytes:
    return _derived(Path(settings.WATCHKEEPER_KEY_FILE))


@transaction.atomic
def send_code(*, actor: Actor, person: str, contact: str, now: dt.datetime) -> CodeSent:
    """Send a code to a contact, so that the person can prove that they read it there.

    Args:
        actor: Who; the person or an admin.
        person: Whose contact.
        contact: Its name.
        now: The present.

    Raises:
        InvalidError: nothing sends by its channel here.
        UnknownPersonError: there is no such person.
        ContactNotFoundError: they have no contact of that name.
        CodeLimitError: enough codes were sent to them, or to that address.
        ForbiddenError: the actor is neither the person nor an admin.
    """
    user_id = contacts.own_id(actor, person)
    row = _contact(user_id, person, contact)
    if row.channel not in queries.ready_channels():
        raise InvalidError(f"No code can be sent to {contact}: {plan.not_wired(row.channel)}")
    place = verifying.place_of(row.channel, row.address, key=_key())
    _check_limits(user_id, place, now=now)
    page_id = f"{verifying.PREFIX}{secrets.token_hex(12)}"
    SentCode.objects.create(page_id=page_id, user_id=user_id, contact=contact, place=place, at=now)
    message = Message(
        page_id=page_id,
        may_repeat=False,
        person=person,
        step=0,
        urgency="high",
        title=f"Watchkeeper code for the contact {contact}",
        url=f"{served_address.base()}/contacts",
        is_test=True,
    )
    deliveries.schedule([Planned(page_id, page_id, person, contact, now, message)], now=now)
    contacts.note(actor, "contact.code_sent", user_id, now)
    return CodeSent(page_id, now + verifying.LIFE)


def verify(*, actor: Actor, person: str, contact: str, code: str, now: dt.datetime) -> None:
    """Let a contact count as verified, if ``code`` is the one that was sent there last.

    A try counts before the code is looked at, so that many at once are no more than many in turn.

    Args:
        actor: Who; the person or an admin.
        person: Whose contact.
        contact: Its name.
        code: What was typed.
        now: The present.

    Raises:
        InvalidError: the code is wrong; the text says how many tries are left.
        NoCodeError: none is good: none was sent, it is too old, or was guessed at too often.
        UnknownPersonError: there is no such person.
        ContactNotFoundError: they have no contact of that name.
        ForbiddenError: the actor is neither the person nor an admin.
    """
    user_id = contacts.own_id(actor, person)
    row = _contact(user_id, person, contact)
    sent = _newest(row, now=now)
    if sent is None or not _count_try(sent):
        raise NoCodeError(f"No code of {contact} is good any more; send a new one")
    if not verifying.is_right(code, sent.page_id, key=_key()):
        left = verifying.MOST_TRIES - sent.tries - 1
        said = f"{left} more {'tries' if left > 1 else 'try'}" if left > 0 else "send a new one"
        message = f"that is not the code; {said}"
        raise InvalidError(message, [Problem(message, path="code")])
    _accept(actor, row, sent, now=now)


@transaction.atomic
def _accept(actor: Actor, row: Contact, sent: SentCode, *, now: dt.datetime) -> None:
    """Mark a contact as proved, unless its address was changed meanwhile."""
    used = SentCode.objects.filter(pk=sent.pk, used_at__isnull=True).update(used_at=now)
    same = Contact.objects.filter(pk=row.pk, channel=row.channel, address=row.address)
    if not used or not same.update(verified=True, proved_at=now, failed_at=None, failure=""):
        raise NoCodeError(f"The contact {row.name} was changed meanwhile; send a new code")
    contacts.note(actor, "contact.verified", sent.user_id, now)


def _contact(user_id: int, person: str, name: str) -> Contact:
    row = Contact.objects.filter(user_id=user_id, name=name).first()
    if row is None:
        raise contacts.ContactNotFoundError(f"{person} has no contact {name}")
    return row


def _check_limits(user_id: int, place: str, *, now: dt.datetime) -> None:
    """Forget what was sent days ago, and refuse if enough was sent since."""
    SentCode.objects.filter(at__lte=now - verifying.KEPT).delete()
    rows = SentCode.objects.filter(Q(user_id=user_id) | Q(place=place))
    sent = [verifying.Sent(each.at, each.user_id, each.place) for each in rows]
    refused = verifying.refusal(sent, person=user_id, place=place, now=now)
    if refused is not None:
        seconds = int(refused.wait.total_seconds()) + 1
        raise CodeLimitError(
            f"No code is sent now: {refused.words} are enough; wait {seconds // 60 + 1} minutes",
            retry_after_seconds=seconds,
        )


def _newest(row: Contact, *, now: dt.datetime) -> SentCode | None:
    """Return the code that was sent to a contact last, while it is good."""
    place = verifying.place_of(row.channel, row.address, key=_key())
    found = SentCode.objects.filter(user=row.user_id, contact=row.name, place=place)
    sent = found.order_by("-at", "-pk").first()
    if sent is None or sent.used_at is not None or now >= sent.at + verifying.LIFE:
        return None
    return sent


def _count_try(sent: SentCode) -> bool:
    """Count a try before the code is looked at; false if there were enough."""
    left = SentCode.objects.filter(pk=sent.pk, tries__lt=verifying.MOST_TRIES)
    return bool(left.update(tries=F("tries") + 1))


def told(message: Message) -> Message:
    """Return a message with its code, if it carries one; it is stored without."""
    if not message.page_id.startswith(verifying.PREFIX):
        return message
    code = verifying.code_of(message.page_id, key=_key())
    return replace(message, title=f"{code} is your {message.title}", code=code)
