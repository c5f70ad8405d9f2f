"""Contacts and rules of a person: saved, removed, tested."""

import datetime as dt
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.conf import settings
from django.db import transaction

from watchkeeper.audit import usecases as audit
from watchkeeper.identity import queries as identity
from watchkeeper.kernel import access
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor, ActorKind
from watchkeeper.kernel.errors import InvalidError, NotFoundError, Problem
from watchkeeper.kernel.origins import Origin
from watchkeeper.notifications import queries
from watchkeeper.notifications.domain import contacts as rules
from watchkeeper.notifications.domain import notices, plan
from watchkeeper.notifications.domain.contacts import ContactSpec, PagingSpec
from watchkeeper.notifications.models import Contact, ContactRule, Paging
from watchkeeper.notifications.ports import Message, Planned
from watchkeeper.notifications.usecases import deliveries, signing
from watchkeeper.plumbing import secret_box
from watchkeeper.plumbing.hands import KeptInFilesError


class ContactNotFoundError(NotFoundError):
    """The person has no contact of that name."""

    code = "contact_not_found"


class UnknownPersonError(NotFoundError):
    """There is no person of that name."""

    code = "person_not_found"


@dataclass(frozen=True, slots=True)
class Saved:
    """What a save did.

    Attributes:
        has_changed: Whether anything is different now.
        secrets: Secrets that were made, by contact; told this once.
    """

    has_changed: bool
    secrets: dict[str, str] = field(default_factory=dict)


@transaction.atomic
def save_paging(
    *,
    actor: Actor,
    person: str,
    spec: PagingSpec,
    origin: Origin,
    now: dt.datetime,
    file: str = "",
) -> Saved:
    """Let a person be reached as ``spec`` says, and in no other way.

    ``verified`` is taken from an admin only; from others a contact keeps it while its channel and
    address stay as they are. A webhook without a secret gets one. Addresses of some channels are
    set by an admin only; others may keep them, and remove them.

    Args:
        actor: Who; the person or an admin.
        person: Whose contacts.
        spec: All contacts and rules.
        origin: Where this comes from.
        now: The present.
        file: Name of the file it stands in.

    Raises:
        InvalidError: a contact or rule cannot be.
        UnknownPersonError: there is no such person.
        ForbiddenError: the actor is neither the person nor an admin.
        KeptInFilesError: they are kept in a file and this comes from elsewhere.
    """
    user_id = own_id(actor, person)
    _check_hands(user_id, person, origin)
    rules.check(spec)
    is_admin = access.may(actor, Permission.ADMINISTER)
    kept = {row.name: row for row in Contact.objects.filter(user_id=user_id)}
    if not is_admin:
        _check_no_reference(spec)
        _check_no_new(spec, kept)
    wanted = replace(spec, contacts=[_judged(c, kept, is_admin=is_admin) for c in spec.contacts])
    before = queries.paging_specs([user_id]).get(user_id, PagingSpec())
    if wanted.notices is None:
        wanted = replace(wanted, notices=before.notices)
    is_same = _shown(before) == _shown(wanted)
    needs_secret = any(c.secret is not None for c in wanted.contacts)
    Paging.objects.update_or_create(
        user_id=user_id,
        defaults={
            "origin": origin.value,
            "file": file[-1000:],
            "notices": notices.write(wanted.notices or notices.USUAL),
            "quiet_from": spec.quiet.start if spec.quiet else None,
            "quiet_to": spec.quiet.end if spec.quiet else None,
        },
    )
    if is_same and not needs_secret:
        return Saved(has_changed=False)
    made = _write(user_id, wanted, kept, is_admin=is_admin, vouches=origin is Origin.FILE)
    if not is_same:
        note(actor, "contacts.saved", user_id, now)
    return Saved(has_changed=not is_same, secrets=made)


def _judged(contact: ContactSpec, kept: dict[str, Contact], *, is_admin: bool) -> ContactSpec:
    """Return ``contact`` with the word ``verified`` that its sender can give it.

    What a person proved by a code stays proved while the address does, whatever a file says.
    """
    row = kept.get(contact.name)
    if row is None or not _stays(contact, row):
        return contact if is_admin else replace(contact, verified=False)
    if is_admin:
        return replace(contact, verified=contact.verified or row.proved_at is not None)
    return replace(contact, verified=row.verified)


def _stays(contact: ContactSpec, row: Contact | None) -> bool:
    """Return whether a contact leads where it led."""
    return row is not None and (row.channel, row.address) == (contact.channel, contact.address)


def _check_no_reference(spec: PagingSpec) -> None:
    for place, contact in enumerate(spec.contacts):
        if contact.secret is not None and secret_box.is_reference(contact.secret):
            message = "only an admin may name a secret that is kept elsewhere"
            raise InvalidError(message, [Problem(message, path=f"contacts[{place}].secret")])


def _check_no_new(spec: PagingSpec, kept: Mapping[str, Contact]) -> None:
    """Return if what an admin alone may set stands as it stood."""
    for place, contact in enumerate(spec.contacts):
        if contact.channel in rules.BY_ADMIN and not _stays(contact, kept.get(contact.name)):
            message = f"only an admin may set an address of {contact.channel}; ask one to"
            raise InvalidError(message, [Problem(message, path=f"contacts[{place}].address")])


def _shown(spec: PagingSpec) -> tuple[object, ...]:
    contacts = tuple((c.name, c.channel, c.address, c.verified) for c in spec.contacts)
    rules_shown = {u: tuple(listed) for u, listed in spec.rules.items() if listed}
    return contacts, rules_shown, spec.quiet, spec.notices or notices.USUAL


def _write(
    user_id: int, spec: PagingSpec, kept: dict[str, Contact], *, is_admin: bool, vouches: bool
) -> dict[str, str]:
    """Store contacts and rules; return the secrets that were made.

    An admin's address may be internal. One that a person set themselves does not become so when an
    admin saves it unchanged, unless the admin ``vouches`` for it in a file.
    """
    made: dict[str, str] = {}
    ContactRule.objects.filter(user_id=user_id).delete()
    Contact.objects.filter(user_id=user_id).exclude(
        name__in=[c.name for c in spec.contacts]
    ).delete()
    rows: dict[str, Contact] = {}
    for position, contact in enumerate(spec.contacts):
        row = kept.get(contact.name) or Contact(user_id=user_id, name=contact.name)
        has_moved = (row.channel, row.address) != (contact.channel, contact.address)
        if has_moved:
            row.channel, row.address, row.is_by_admin = contact.channel, contact.address, is_admin
            row.failed_at, row.failure, row.proved_at = None, "", None
        row.is_by_admin = row.is_by_admin or (is_admin and vouches)
        row.position, row.verified = position, contact.verified
        secret = contact.secret
        if secret is None and contact.channel == "webhook" and not row.sealed_secret:
            secret = made[contact.name] = signing.new_secret()
        if secret is not None:
            row.sealed_secret = signing.seal(secret, user_id=user_id, name=contact.name)
        row.save()
        rows[contact.name] = row
    ContactRule.objects.bulk_create(
        ContactRule(
            user_id=user_id,
            urgency=urgency,
            position=place,
            contact=rows[rule.contact],
            after_seconds=int(rule.after.total_seconds()),
        )
        for urgency, listed in spec.rules.items()
        for place, rule in enumerate(listed)
    )
    return made


@transaction.atomic
def remove_paging(
    *, actor: Actor, person: str, now: dt.datetime, origin: Origin = Origin.API
) -> bool:
    """Remove all contacts and rules of a person, whose account stays; false if there were none.

    Raises:
        UnknownPersonError: there is no such person.
        ForbiddenError: the actor is neither the person nor an admin.
        KeptInFilesError: they are kept in a file and this comes from elsewhere.
    """
    user_id = own_id(actor, person)
    _check_hands(user_id, person, origin)
    gone = Contact.objects.filter(user_id=user_id).delete()[0]
    gone += Paging.objects.filter(user_id=user_id).delete()[0]
    if gone:
        note(actor, "contacts.removed", user_id, now)
    return bool(gone)


@transaction.atomic
def remake_secret(*, actor: Actor, person: str, contact: str, now: dt.datetime) -> str:
    """Make a new secret for a webhook and return it, this once; the old one signs no more.

    Raises:
        UnknownPersonError: there is no such person.
        ContactNotFoundError: they have no webhook of that name.
        ForbiddenError: the actor is neither the person nor an admin.
    """
    user_id = own_id(actor, person)
    row = Contact.objects.filter(user_id=user_id, name=contact, channel="webhook").first()
    if row is None:
        raise ContactNotFoundError(f"{person} has no webhook contact {contact}")
    secret = signing.new_secret()
    row.sealed_secret = signing.seal(secret, user_id=user_id, name=contact)
    row.save(update_fields=["sealed_secret"])
    note(actor, "contact.secret_made", user_id, now)
    return secret


@transaction.atomic
def send_test_page(
    *, actor: Actor, person: str, now: dt.datetime, contact: str | None = None
) -> list[tuple[str, str]]:
    """Send a page that says it is a test; to one contact, or to all that can be called.

    Args:
        actor: Who; the person or an admin.
        person: Whom to page.
        now: The present.
        contact: Name of a contact, verified or not; ``None``: all.

    Returns:
        (Id of the page, name of the contact) for each.

    Raises:
        InvalidError: there is no contact that could be called.
        UnknownPersonError: there is no such person.
        ContactNotFoundError: they have no contact of that name.
        ForbiddenError: the actor is neither the person nor an admin.
    """
    user_id = own_id(actor, person)
    rows = list(Contact.objects.filter(user_id=user_id).order_by("position", "name"))
    if contact is not None:
        rows = [row for row in rows if row.name == contact]
        if not rows:
            raise ContactNotFoundError(f"{person} has no contact {contact}")
    wired = queries.ready_channels()
    callable_rows = [row for row in rows if row.channel in wired]
    if not callable_rows:
        why = plan.not_wired(rows[0].channel) if rows else "there are no contacts"
        raise InvalidError(f"{person} cannot be paged: {why}")
    planned = _test_pages(person, callable_rows, now=now)
    deliveries.schedule(planned, now=now)
    note(actor, "contacts.tested", user_id, now)
    return [(each.page_id, each.contact) for each in planned]


def _test_pages(person: str, rows: Sequence[Contact], *, now: dt.datetime) -> list[Planned]:
    url = (settings.WATCHKEEPER.public_url or "http://127.0.0.1:8321").rstrip("/") + "/"
    found = []
    for row in rows:
        page_id = f"test-{secrets.token_hex(12)}"
        message = Message(
            page_id=page_id,
            may_repeat=False,
            person=person,
            step=0,
            urgency="high",
            title="Test page from Watchkeeper: nothing is wrong",
            url=url,
            is_test=True,
        )
        found.append(Planned(page_id, page_id, person, row.name, now, message))
    return found


def own_id(actor: Actor, person: str) -> int:
    """Return the id of the person whose contacts the actor may change.

    Raises:
        UnknownPersonError: there is no such person.
        ForbiddenError: the actor is neither the person nor an admin.
    """
    access.require(actor, Permission.READ, what=f"person {person}")
    found = identity.ids_of([person]).get(person)
    is_self = actor.kind is ActorKind.USER and actor.id is not None and actor.id == found
    if not is_self:
        access.require(actor, Permission.ADMINISTER, what=f"the contacts of {person}")
    if found is None:
        raise UnknownPersonError(f"There is no person {person}")
    return found


def _check_hands(user_id: int, person: str, origin: Origin) -> None:
    """Return if contacts that may be kept in a file may be changed from ``origin``."""
    row = Paging.objects.filter(user_id=user_id, origin=Origin.FILE.value).first()
    if row is not None and origin is not Origin.FILE:
        where = row.file or "a file"
        raise KeptInFilesError(f"The contacts of {person} are kept in {where}; change them there")


def note(actor: Actor, action: str, user_id: int, now: dt.datetime) -> None:
    """Log that it happened: ids only, no address."""
    audit.record(actor=actor, action=action, kind="person", object_id=user_id, detail={}, now=now)
