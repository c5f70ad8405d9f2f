"""Contacts and rules changed one at a time, as a page does; all end in ``save_paging``."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace

from django.db import transaction

from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.errors import ConflictError
from watchkeeper.kernel.origins import Origin
from watchkeeper.notifications import queries
from watchkeeper.notifications.domain.contacts import ContactSpec, PagingSpec, RuleSpec
from watchkeeper.notifications.domain.day_hours import DayHours
from watchkeeper.notifications.usecases import contacts
from watchkeeper.notifications.usecases.contacts import ContactNotFoundError, Saved


class ContactExistsError(ConflictError):
    """The person has a contact of that name already."""

    code = "contact_exists"


@transaction.atomic
def add_contact(*, actor: Actor, person: str, contact: ContactSpec, now: dt.datetime) -> Saved:
    """Add a contact beside those that are there; without rules it is called at once.

    Raises:
        ContactExistsError: there is one of that name.
        InvalidError: it cannot be so.
        UnknownPersonError: there is no such person.
        ForbiddenError: the actor is neither the person nor an admin.
        KeptInFilesError: the contacts are kept in a file.
    """
    spec = _now(actor, person)
    if any(each.name == contact.name for each in spec.contacts):
        raise ContactExistsError(f"{person} has a contact {contact.name} already")
    return _save(actor, person, replace(spec, contacts=[*spec.contacts, contact]), now)


@transaction.atomic
def change_contact(
    *, actor: Actor, person: str, contact: str, address: str, now: dt.datetime
) -> Saved:
    """Let a contact lead elsewhere; a new address must be verified anew.

    Raises:
        ContactNotFoundError: there is none of that name.
        InvalidError: it cannot be so.
        UnknownPersonError: there is no such person.
        ForbiddenError: the actor is neither the person nor an admin.
        KeptInFilesError: the contacts are kept in a file.
    """
    spec = _now(actor, person)
    changed = [
        each
        if each.name != contact or each.address == address
        else replace(each, address=address, verified=False)
        for each in spec.contacts
    ]
    _check_there(spec, person, contact)
    return _save(actor, person, replace(spec, contacts=changed), now)


@transaction.atomic
def remove_contact(*, actor: Actor, person: str, contact: str, now: dt.datetime) -> None:
    """Remove a contact, and the rules that call it.

    Raises:
        ContactNotFoundError: there is none of that name.
        UnknownPersonError: there is no such person.
        ForbiddenError: the actor is neither the person nor an admin.
        KeptInFilesError: the contacts are kept in a file.
    """
    spec = _now(actor, person)
    _check_there(spec, person, contact)
    left = replace(
        spec,
        contacts=[each for each in spec.contacts if each.name != contact],
        rules={
            urgency: [rule for rule in listed if rule.contact != contact]
            for urgency, listed in spec.rules.items()
        },
    )
    _save(actor, person, left, now)


@transaction.atomic
def save_rules(
    *,
    actor: Actor,
    person: str,
    rules: Mapping[str, Sequence[RuleSpec]],
    quiet: DayHours | None,
    now: dt.datetime,
) -> None:
    """Let contacts be called as ``rules`` say, by urgency, and low urgency wait in quiet hours.

    Raises:
        InvalidError: a rule cannot be so.
        UnknownPersonError: there is no such person.
        ForbiddenError: the actor is neither the person nor an admin.
        KeptInFilesError: the contacts are kept in a file.
    """
    _save(actor, person, replace(_now(actor, person), rules=rules, quiet=quiet), now)


def _now(actor: Actor, person: str) -> PagingSpec:
    user_id = contacts.own_id(actor, person)
    return queries.paging_specs([user_id]).get(user_id, PagingSpec())


def _check_there(spec: PagingSpec, person: str, contact: str) -> None:
    if all(each.name != contact for each in spec.contacts):
        raise ContactNotFoundError(f"{person} has no contact {contact}")


def _save(actor: Actor, person: str, spec: PagingSpec, now: dt.datetime) -> Saved:
    return contacts.save_paging(actor=actor, person=person, spec=spec, origin=Origin.UI, now=now)
