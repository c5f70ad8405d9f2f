"""People and how they are paged as documents: ``apiVersion: watchkeeper/v1, kind: Person``."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from watchkeeper.kernel import ids, lengths
from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.errors import InvalidError, Problem
from watchkeeper.notifications.domain import contacts, day_hours, notices
from watchkeeper.notifications.domain.contacts import (
    URGENCIES,
    ContactSpec,
    PagingSpec,
    RuleSpec,
)
from watchkeeper.notifications.domain.day_hours import DayHours

API_VERSION = "watchkeeper/v1"
KIND = "Person"
_FIELDS = ("email", "timeZone", "contacts", "rules", "quietHours", "notices")
_QUIET_FIELDS = ("from", "to")
_CONTACT_FIELDS = ("name", "channel", "address", "verified", "secret")
_RULE_FIELDS = ("contact", "after")


@dataclass(frozen=True, slots=True)
class PersonSpec:
    """A person as a document says.

    Attributes:
        name: Their name; a Backstage User of the same name is the same person.
        email: Mail address; empty: as it is.
        time_zone: IANA name; empty: as it is.
        paging: Contacts and rules.
    """

    name: str
    email: str = ""
    time_zone: str = ""
    paging: PagingSpec = field(default_factory=PagingSpec)


def problems(document: Document) -> Iterator[Problem]:
    """Yield what is wrong with one Person."""
    try:
        ids.check_name(document.name, what="A person")
    except InvalidError as error:
        yield document.problem(error.message, "metadata.name")
    spec = document.data.get("spec")
    if not isinstance(spec, Mapping):
        yield document.problem("spec is missing", "spec")
        return
    shape = [*_unknown(spec, _FIELDS, "spec"), *_shape(spec)]
    yield from (document.problem(each.detail, each.path) for each in shape)
    if not shape:
        for fault in contacts.faults(read(document).paging):
            yield document.problem(fault.detail, f"spec.{fault.path}")


def _shape(spec: Mapping[str, Any]) -> Iterator[Problem]:
    for name in ("email", "timeZone"):
        if spec.get(name) is not None and not isinstance(spec[name], str):
            yield Problem(f"{name} is text", f"spec.{name}")
    given = spec.get("contacts", [])
    if not isinstance(given, list):
        yield Problem("contacts is a list", "spec.contacts")
        given = []
    for place, contact in enumerate(given):
        yield from _contact_shape(contact, f"spec.contacts[{place}]")
    yield from notices.shape(spec.get("notices", {}), "spec.notices")
    yield from _quiet_shape(spec.get("quietHours"))
    rules = spec.get("rules", {})
    if not isinstance(rules, Mapping):
        yield Problem("rules is high and low, with a list each", "spec.rules")
        return
    yield from _unknown(rules, URGENCIES, "spec.rules")
    for urgency, listed in rules.items():
        yield from _rules_shape(listed, f"spec.rules.{urgency}")


def _quiet_shape(given: Any) -> Iterator[Problem]:
    if given is None:
        return
    if not isinstance(given, Mapping):
        message = 'quietHours is from and to, as {from: "22:00", to: "07:00"}'
        yield Problem(message, "spec.quietHours")
        return
    yield from _unknown(given, _QUIET_FIELDS, "spec.quietHours")
    for name in _QUIET_FIELDS:
        if day_hours.time_of(given.get(name)) is None:
            yield Problem(f'{name} is a wall time, as "22:00"', f"spec.quietHours.{name}")


def _contact_shape(contact: Any, path: str) -> Iterator[Problem]:
    if not isinstance(contact, Mapping):
        yield Problem("a contact has name, channel and address", path)
        return
    yield from _unknown(contact, _CONTACT_FIELDS, path)
    for name in ("name", "channel", "address"):
        if not isinstance(contact.get(name), str) or not contact[name]:
            yield Problem(f"a contact needs {name}, as text", f"{path}.{name}")
    if not isinstance(contact.get("verified", False), bool):
        yield Problem("verified is true or false", f"{path}.verified")
    secret = contact.get("secret")
    if secret is not None and (not isinstance(secret, str) or not secret):
        yield Problem("secret is text, as ${env:NAME}", f"{path}.secret")


def _rules_shape(listed: Any, path: str) -> Iterator[Problem]:
    if not isinstance(listed, list):
        yield Problem("rules are a list of contact and after", path)
        return
    for place, rule in enumerate(listed):
        here = f"{path}[{place}]"
        if not isinstance(rule, Mapping) or not isinstance(rule.get("contact"), str):
            yield Problem("a rule names a contact", here)
            continue
        yield from _unknown(rule, _RULE_FIELDS, here)
        if lengths.read(rule.get("after", "0m")) is None:
            yield Problem("after is a length, as 5m", f"{here}.after")


def _unknown(data: Mapping[str, Any], known: tuple[str, ...], path: str) -> Iterator[Problem]:
    for name in data:
        if name not in known:
            yield Problem(f"{name} is not a field here: {', '.join(known)}", f"{path}.{name}")


def read(document: Document) -> PersonSpec:
    """Return the person that a document describes; one whose shape is right."""
    spec = document.data["spec"]
    return PersonSpec(
        name=document.name,
        email=spec.get("email") or "",
        time_zone=spec.get("timeZone") or "",
        paging=PagingSpec(
            contacts=tuple(
                ContactSpec(
                    name=each["name"],
                    channel=each["channel"],
                    address=each["address"],
                    verified=each.get("verified", False),
                    secret=each.get("secret"),
                )
                for each in spec.get("contacts", [])
            ),
            rules={
                urgency: tuple(
                    RuleSpec(each["contact"], lengths.read(each.get("after", "0m")) or _NOW)
                    for each in listed
                )
                for urgency, listed in spec.get("rules", {}).items()
            },
            notices=notices.read(spec.get("notices", {})),
            quiet=_quiet(spec.get("quietHours")),
        ),
    )


def _quiet(given: Mapping[str, Any] | None) -> DayHours | None:
    start = day_hours.time_of((given or {}).get("from"))
    end = day_hours.time_of((given or {}).get("to"))
    return DayHours(start, end) if start is not None and end is not None else None


_NOW = RuleSpec("").after


def write(spec: PersonSpec) -> dict[str, Any]:
    """Return a person as a document, secrets left out."""
    inner: dict[str, Any] = {}
    if spec.email:
        inner["email"] = spec.email
    if spec.time_zone:
        inner["timeZone"] = spec.time_zone
    inner["contacts"] = [
        {
            "name": each.name,
            "channel": each.channel,
            "address": each.address,
            "verified": each.verified,
        }
        for each in spec.paging.contacts
    ]
    inner["rules"] = {
        urgency: [{"contact": r.contact, "after": lengths.write(r.after)} for r in listed]
        for urgency in URGENCIES
        if (listed := spec.paging.rules.get(urgency))
    }
    if spec.paging.notices is not None and (wanted := notices.write(spec.paging.notices)):
        inner["notices"] = wanted
    hours = spec.paging.quiet
    if hours is not None:
        inner["quietHours"] = {
            "from": day_hours.written(hours.start),
            "to": day_hours.written(hours.end),
        }
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": spec.name},
        "spec": inner,
    }
