"""Contacts: where a person is reached, what may stand there, what others see of it."""

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from watchkeeper.kernel import ids
from watchkeeper.kernel.errors import InvalidError, Problem
from watchkeeper.notifications.domain.day_hours import DayHours
from watchkeeper.notifications.domain.notices import NoticeSpec

CHANNELS = ("email", "webhook", "slack", "teams", "ntfy", "sms", "voice", "apprise")
BY_ADMIN = frozenset({"apprise"})
"""Channels whose addresses an admin alone sets: they make the server call whatever they name."""
URGENCIES = ("high", "low")
MOST_CONTACTS = 20
MOST_RULES = 50
LONGEST_ADDRESS = 2000
LONGEST_AFTER = dt.timedelta(days=1)
_PHONE = re.compile(r"\+[1-9]\d{6,14}\Z")
_MAIL = re.compile(r"[^@\s<>,;:\"]+@[^@\s<>,;:\"]+\Z")
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_APPRISE = re.compile(r"[a-z][a-z0-9]*://[^\s/?#]")
_SLACK = re.compile(r"[A-Z0-9]{2,30}\Z")


@dataclass(frozen=True, slots=True)
class ContactSpec:
    """One way to reach a person.

    Attributes:
        name: How the person calls it; unique for them.
        channel: One of :data:`CHANNELS`.
        address: Where: a mail address, an http(s) address, a phone number, an id, an address
            of Apprise.
        verified: Whether it is known that the person answers there.
        secret: What signs webhooks; ``None``: as it is, or made anew.
    """

    name: str
    channel: str
    address: str
    verified: bool = False
    secret: str | None = None


@dataclass(frozen=True, slots=True)
class RuleSpec:
    """A contact that is called ``after`` the page was due."""

    contact: str
    after: dt.timedelta = dt.timedelta()


@dataclass(frozen=True, slots=True)
class PagingSpec:
    """How a person is paged: contacts, rules for each urgency, quiet hours; and notices.

    Where ``notices`` is ``None`` they stay as they are.
    """

    contacts: Sequence[ContactSpec] = ()
    rules: Mapping[str, Sequence[RuleSpec]] = field(default_factory=dict)
    quiet: DayHours | None = None
    notices: NoticeSpec | None = None


def check(spec: PagingSpec) -> None:
    """Return if ``spec`` can be stored.

    Raises:
        InvalidError: with every fault in it.
    """
    problems = list(faults(spec))
    if problems:
        raise InvalidError(f"The contacts cannot be so: {problems[0].detail}", problems)


def faults(spec: PagingSpec) -> Iterator[Problem]:
    """Yield what is wrong with contacts and rules."""
    if len(spec.contacts) > MOST_CONTACTS:
        yield Problem(f"a person has at most {MOST_CONTACTS} contacts", path="contacts")
    seen: set[str] = set()
    for place, contact in enumerate(spec.contacts):
        path = f"contacts[{place}]"
        if contact.name in seen:
            yield Problem(f"there are two contacts named {contact.name}", path=f"{path}.name")
        seen.add(contact.name)
        for fault in contact_faults(contact):
            yield Problem(fault.detail, path=f"{path}.{fault.path}")
    yield from _rule_faults(spec, seen)
    for place, name in enumerate(spec.notices.contacts if spec.notices is not None else ()):
        if name not in seen:
            message = f"there is no contact named {name}"
            yield Problem(message, path=f"notices.contacts[{place}]")
    if spec.quiet is not None and spec.quiet.start == spec.quiet.end:
        message = "quiet hours end at another time than they begin"
        yield Problem(message, path="quietHours.to")


def _rule_faults(spec: PagingSpec, names: set[str]) -> Iterator[Problem]:
    for urgency, rules in spec.rules.items():
        if urgency not in URGENCIES:
            known = " or ".join(URGENCIES)
            yield Problem(f"urgency is {known}, not {urgency}", path=f"rules.{urgency}")
        if len(rules) > MOST_RULES:
            yield Problem(f"there are at most {MOST_RULES} rules", path=f"rules.{urgency}")
        for place, rule in enumerate(rules):
            path = f"rules.{urgency}[{place}]"
            if rule.contact not in names:
                message = f"there is no contact named {rule.contact}"
                yield Problem(message, path=f"{path}.contact")
            if not dt.timedelta() <= rule.after <= LONGEST_AFTER:
                yield Problem("after is at most 1d", path=f"{path}.after")


def contact_faults(contact: ContactSpec) -> Iterator[Problem]:
    """Yield what is wrong with one contact, with paths inside it."""
    try:
        ids.check_name(contact.name, what="A contact")
    except InvalidError as error:
        yield Problem(error.message, path="name")
    if contact.channel not in CHANNELS:
        known = ", ".join(CHANNELS)
        yield Problem(f"channel is one of {known}, not {contact.channel[:40]}", path="channel")
        return
    fault = address_fault(contact.channel, contact.address)
    if fault:
        yield Problem(fault, path="address")
    if contact.secret is not None and contact.channel != "webhook":
        yield Problem("only a webhook has a secret", path="secret")


def address_fault(channel: str, address: str) -> str:
    """Return what is wrong with an address in words; empty if nothing is."""
    if not address or len(address) > LONGEST_ADDRESS or not address.isprintable():
        return f"an address is one line of at most {LONGEST_ADDRESS} characters"
    if channel == "email":
        return "" if _MAIL.match(address) else "this is not a mail address, as alice@example.org"
    if channel in {"sms", "voice"}:
        return "" if _PHONE.match(address) else "this is not a phone number, as +14155550100"
    if channel == "slack":
        return "" if _SLACK.match(address) else "this is no id in Slack, as U012AB3CD"
    if channel == "apprise":
        return "" if _APPRISE.match(address) else "this is no Apprise address, as pover://USER@KEY"
    if channel == "ntfy" and _TOPIC.match(address):
        return ""
    return _url_fault(address)


def _url_fault(address: str) -> str:
    try:
        parts = urlsplit(address)
        is_good = parts.scheme in {"http", "https"} and bool(parts.hostname)
        has_user = "@" in parts.netloc
    except ValueError:
        return "this is not an address, as https://example.org/page"
    if has_user:
        return "an address holds no user and password"
    return "" if is_good else "this is not an http or https address"


def masked(address: str, *, channel: str) -> str:
    """Return as much of an address as others may see: enough to tell two apart, not to use."""
    if channel == "email":
        name, _, domain = address.partition("@")
        return f"{name[:1]}…@{domain[:1]}…"
    if channel in {"sms", "voice"}:
        return f"…{address[-2:]}"
    return "…"
