"""Reading contacts and rules."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from watchkeeper.identity import queries as identity
from watchkeeper.kernel import access
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor, ActorKind
from watchkeeper.kernel.origins import Origin
from watchkeeper.notifications.domain import contacts as rules
from watchkeeper.notifications.domain import notices, plan, rooms, verifying
from watchkeeper.notifications.domain.contacts import ContactSpec, PagingSpec, RuleSpec
from watchkeeper.notifications.domain.day_hours import DayHours
from watchkeeper.notifications.domain.notices import NoticeSpec
from watchkeeper.notifications.models import Contact, ContactRule, Paging, SentCode
from watchkeeper.notifications.queries.wiring import ready_channels


@dataclass(frozen=True, slots=True)
class ContactRow:
    """A contact as it is shown.

    Attributes:
        name: Its name.
        channel: How it is called.
        address: Where; masked for all but the person and admins.
        verified: Whether the person is known to answer there.
        has_secret: Whether what is sent is signed.
        is_wired: Whether its channel can send here.
        failed_at: Since when it is refused for good; ``None``: it is not.
        failure: What was said; empty: nothing.
    """

    name: str
    channel: str
    address: str
    verified: bool
    has_secret: bool
    is_wired: bool
    failed_at: dt.datetime | None
    failure: str


@dataclass(frozen=True, slots=True)
class PagingRow:
    """How a person is paged: contacts, rules by urgency, and where that came from."""

    person: str
    contacts: tuple[ContactRow, ...]
    rules: Mapping[str, tuple[RuleSpec, ...]]
    origin: str
    file: str
    user_id: int
    notices: NoticeSpec = notices.USUAL
    quiet: DayHours | None = None
    zone: str = "UTC"

    @property
    def is_in_file(self) -> bool:
        """Whether they are changed in their file and not here."""
        return self.origin == Origin.FILE.value

    def is_usable_only_by(self, contact: str) -> bool:
        """Return whether a contact is the only one that pages can go to."""
        usable = {each.name for each in self.contacts if each.verified and each.is_wired}
        return usable == {contact}


@dataclass(frozen=True, slots=True)
class ContactFinding:
    """What is wrong with a person's contacts, in a sentence."""

    person: str
    contact: str
    detail: str


def may_see_addresses(actor: Actor, user_id: int) -> bool:
    """Return whether ``actor`` may see where a person is reached: their own, or an admin."""
    is_self = actor.kind is ActorKind.USER and actor.id == user_id
    return is_self or access.may(actor, Permission.ADMINISTER)


def paging_of(person: str, *, actor: Actor) -> PagingRow | None:
    """Return how a person is paged, as ``actor`` may see it; ``None`` for an unknown person."""
    found = identity.person_by_name(person)
    if found is None:
        return None
    shows = may_see_addresses(actor, found.id)
    wired = ready_channels()
    setup = Paging.objects.filter(user_id=found.id).first()
    rows = tuple(
        ContactRow(
            name=row.name,
            channel=row.channel,
            address=row.address if shows else rules.masked(row.address, channel=row.channel),
            verified=row.verified,
            has_secret=bool(row.sealed_secret),
            is_wired=row.channel in wired,
            failed_at=row.failed_at,
            failure=row.failure if shows else "",
        )
        for row in Contact.objects.filter(user_id=found.id).order_by("position", "name")
    )
    return PagingRow(
        person=person,
        contacts=rows,
        rules=_rules({found.id}).get(found.id, {}),
        origin=setup.origin if setup else "",
        file=setup.file if setup else "",
        notices=notices.read(setup.notices) if setup else notices.USUAL,
        user_id=found.id,
        quiet=_quiet([found.id]).get(found.id),
        zone=found.time_zone,
    )


def codes_that_wait(user_id: int, *, now: dt.datetime) -> set[str]:
    """Return the contacts of a person that a code was sent to which can still be typed in."""
    rows = SentCode.objects.filter(
        user_id=user_id,
        at__gt=now - verifying.LIFE,
        used_at__isnull=True,
        tries__lt=verifying.MOST_TRIES,
    )
    return set(rows.values_list("contact", flat=True))


def paging_specs(user_ids: Collection[int] | None = None) -> dict[int, PagingSpec]:
    """Return how people are paged, by id, addresses in clear and secrets left out."""
    found = Contact.objects.filter(user__isnull=False).order_by("position", "name")
    if user_ids is not None:
        found = found.filter(user_id__in=user_ids)
    by_user: dict[int, list[ContactSpec]] = {}
    values = found.values_list("user_id", "name", "channel", "address", "verified")
    for user_id, name, channel, address, verified in values:
        spec = ContactSpec(name, channel, address, verified=verified)
        by_user.setdefault(user_id, []).append(spec)
    rules_by_user = _rules(by_user)
    wanted, quiet = _notices(user_ids), _quiet(user_ids)
    return {
        user: PagingSpec(
            tuple(by_user.get(user, ())),
            rules_by_user.get(user, {}),
            quiet=quiet.get(user),
            notices=wanted.get(user),
        )
        for user in {**by_user, **wanted, **quiet}
    }


def _notices(user_ids: Collection[int] | None) -> dict[int, NoticeSpec]:
    """Return which notices people want, by id; who never said is left out."""
    rows = Paging.objects.all()
    if user_ids is not None:
        rows = rows.filter(user_id__in=user_ids)
    return {user: notices.read(data) for user, data in rows.values_list("user_id", "notices")}


def all_notice_specs() -> dict[str, NoticeSpec]:
    """Return which notices everybody wants, by name; who never said is left out."""
    wanted = _notices(None)
    names = identity.names_of(set(wanted))
    return {names[pk]: spec for pk, spec in wanted.items() if pk in names}


def notice_specs(people: Collection[str]) -> dict[str, NoticeSpec]:
    """Return which notices people want, by name; who never said is left out."""
    ids = identity.ids_of(people)
    wanted = _notices(list(ids.values()))
    return {name: wanted[pk] for name, pk in ids.items() if pk in wanted}


def _quiet(user_ids: Collection[int] | None) -> dict[int, DayHours]:
    """Return the quiet hours of those who have some, by id."""
    found = Paging.objects.filter(quiet_from__isnull=False, quiet_to__isnull=False)
    if user_ids is not None:
        found = found.filter(user_id__in=user_ids)
    rows = found.values_list("user_id", "quiet_from", "quiet_to")
    return {user: DayHours(start, end) for user, start, end in rows if start and end}


def _rules(user_ids: Collection[int]) -> dict[int, dict[str, tuple[RuleSpec, ...]]]:
    rows = ContactRule.objects.filter(user_id__in=user_ids).order_by("urgency", "position")
    found: dict[int, dict[str, tuple[RuleSpec, ...]]] = {}
    values = rows.values_list("user_id", "urgency", "contact__name", "after_seconds")
    for user_id, urgency, contact, seconds in values:
        of_user = found.setdefault(user_id, {})
        rule = RuleSpec(contact, dt.timedelta(seconds=seconds))
        of_user[urgency] = (*of_user.get(urgency, ()), rule)
    return found


def reaches(people: Collection[str]) -> dict[str, plan.Reach]:
    """Return how active people can be reached, by name; unknown and disabled ones are left out."""
    active = identity.active_ids(people)
    specs = paging_specs(list(active.values()))
    zones = identity.zones_of(active.values())
    return {
        name: _reach(specs.get(user_id, PagingSpec()), zones.get(user_id, "UTC"))
        for name, user_id in active.items()
    }


def _reach(spec: PagingSpec, zone: str) -> plan.Reach:
    return plan.Reach(
        contacts=tuple(plan.Contact(c.name, c.channel, c.verified) for c in spec.contacts),
        rules={u: tuple((r.contact, r.after) for r in found) for u, found in spec.rules.items()},
        quiet=spec.quiet,
        zone=zone,
    )


def reachable(people: Collection[str]) -> set[str]:
    """Return who of ``people`` has at least one verified contact by a channel that works here."""
    wired = ready_channels()
    return {name for name, reach in reaches(people).items() if reach.is_usable(wired)}


def contacts_at(places: Iterable[tuple[int | None, str]]) -> dict[tuple[int, str], Contact]:
    """Return contacts of people and rooms, by (id of the person, name of the contact).

    Args:
        places: Which are needed, as deliveries name them; of people all contacts are returned. A
            room has no person: it is found under 0 and its key.
    """
    wanted = set(places)
    people = {user for user, _ in wanted if user}
    keys = {name for user, name in wanted if not user and rooms.is_key(name)}
    rows = list(Contact.objects.filter(user_id__in=people))
    rows += Contact.objects.filter(user=None, name__in=keys) if keys else ()
    return {(row.user_id or 0, row.name): row for row in rows}


def findings() -> list[ContactFinding]:
    """Return contacts of people that are refused for good, the longest failing first."""
    rows = Contact.objects.filter(failed_at__isnull=False, user__isnull=False)
    named = rows.order_by("failed_at").values_list("user__name", "name", "failure")
    return [
        ContactFinding(person, name, f"the contact is refused: {failure or 'no reason given'}")
        for person, name, failure in named
    ]


def set_up() -> list[tuple[str, int, str]]:
    """Return (name, id, origin) of the people whose paging was set up, by name."""
    rows = Paging.objects.select_related("user").order_by("user__name")
    return [(row.user.name, row.user_id, row.origin) for row in rows]
