"""Making, changing and removing routes, silences and inhibitions."""

import datetime as dt
from dataclasses import replace

from django.db import transaction

from watchkeeper.alerts.domain import documents, matching, ordering
from watchkeeper.alerts.domain.documents import InhibitionSpec, RouteSpec, SilenceSpec
from watchkeeper.alerts.domain.inhibition import INHIBITION
from watchkeeper.alerts.models import Alert, Inhibition, Route, Silence
from watchkeeper.alerts.queries import alerts, directory, rules
from watchkeeper.alerts.usecases import hands, inhibiting
from watchkeeper.changes.domain import occasions
from watchkeeper.kernel import access
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.errors import ConflictError
from watchkeeper.kernel.origins import Origin
from watchkeeper.plumbing.hands import check_known
from watchkeeper.plumbing.kinds import Action, Change


class NameTakenError(ConflictError):
    """There is a silence of that name."""

    code = "name_taken"


class SilenceNotActiveError(ConflictError):
    """The silence does not hold now."""

    code = "not_active"


@transaction.atomic
def save_route(
    *,
    actor: Actor,
    spec: RouteSpec,
    origin: Origin,
    now: dt.datetime,
    file: str = "",
    known: str | None = None,
) -> Change:
    """Make a route be as ``spec`` says; alerts that are open stay where they went.

    Args:
        actor: Who; needs the role editor in the organisation, since routes rule all alerts.
        spec: How it is to be.
        origin: Where this comes from.
        now: The present.
        file: Name of the file it stands in.
        known: The state that the change was made for, see ``plumbing.hands.check_known``;
            ``None``: any.

    Raises:
        InvalidError: a field cannot be.
        ForbiddenError: the actor may not.
        StaleError: it is not in the state that is ``known``.
        KeptInFilesError: it is kept in a file, and this comes from elsewhere.
    """
    documents.check_route(spec)
    what = f"route {spec.name}"
    hands.require(actor, Permission.EDIT, what=what, team_id=None)
    row = Route.objects.select_for_update().filter(name=spec.name).first()
    old = documents.write(directory.route_spec(row)) if row is not None else None
    check_known(known, old, what)
    hands.check(row, origin, what)
    fields = hands.differences(old, documents.write(spec))
    if row is not None and not fields and row.origin == origin.value:
        return Change("Route", spec.name, Action.UNCHANGED)
    action = Action.UPDATE if row is not None else Action.CREATE
    row = row or Route(name=spec.name, created_at=now)
    row.order, row.match, row.policy = spec.order, list(spec.match), spec.policy
    row.urgency, row.origin = spec.urgency, origin.value
    row.group_by, row.group_for = list(spec.group_by), spec.group_for
    row.times, row.time_zone = [dict(each) for each in spec.times], spec.time_zone
    row.file = file[-1000:] if origin is Origin.FILE else ""
    row.save()
    hands.record(actor, "route.saved", row.pk, {"name": row.name}, now=now)
    transaction.on_commit(rules.forget)
    return Change("Route", spec.name, action, fields)


@transaction.atomic
def remove_route(
    *, actor: Actor, name: str, now: dt.datetime, origin: Origin = Origin.API
) -> Change:
    """Remove a route.

    Raises:
        RouteNotFoundError: there is none of that name.
        ForbiddenError: the actor may not.
        KeptInFilesError: it is kept in a file, and this comes from elsewhere.
    """
    row = directory.route_of(name)
    what = f"route {name}"
    hands.require(actor, Permission.EDIT, what=what, team_id=None)
    hands.check(row, origin, what)
    hands.record(actor, "route.removed", row.pk, {"name": name}, now=now)
    row.delete()
    transaction.on_commit(rules.forget)
    return Change("Route", name, Action.REMOVE)


@transaction.atomic
def move_route(*, actor: Actor, name: str, is_up: bool, now: dt.datetime) -> None:
    """Let a route be asked before the one that is asked before it, or after the next.

    It gets another number, and so do others where there is none between its neighbours.

    Raises:
        RouteNotFoundError: there is none of that name.
        ForbiddenError: the actor may not.
        KeptInFilesError: it is kept in a file, or one that would have to make room is.
        InvalidError: there is no number left.
    """
    what = f"route {name}"
    hands.require(actor, Permission.EDIT, what=what, team_id=None)
    rows = {row.name: row for row in Route.objects.select_for_update().order_by("name")}
    hands.check(rows.get(name) or directory.route_of(name), Origin.UI, what)
    places = [
        ordering.Numbered(row.name, row.order, is_fixed=row.origin == Origin.FILE.value)
        for row in rows.values()
    ]
    numbers = ordering.moved(places, name, is_up=is_up)
    if numbers is None:
        raise hands.KeptInFilesError(
            f"Only a route that is kept in a file could make room for the {what}; "
            "change its order there, or give this one another number"
        )
    for moved, order in numbers.items():
        spec = replace(directory.route_spec(rows[moved]), order=order)
        save_route(actor=actor, spec=spec, origin=Origin.UI, now=now)


@transaction.atomic
def create_silence(*, actor: Actor, spec: SilenceSpec, now: dt.datetime) -> None:
    """Make a silence by hand.

    Raises:
        NameTakenError: there is one of that name.
        InvalidError: a field cannot be.
        ForbiddenError: the actor may not; see :func:`save_silence`.
    """
    if Silence.objects.filter(name=spec.name).exists():
        raise NameTakenError(f"There is a silence named {spec.name} already")
    save_silence(actor=actor, spec=spec, origin=Origin.API, now=now)


@transaction.atomic
def save_silence(
    *,
    actor: Actor,
    spec: SilenceSpec,
    origin: Origin,
    now: dt.datetime,
    file: str = "",
    known: str | None = None,
) -> Change:
    """Make a silence be as ``spec`` says; what it keeps quiet already is judged again at once.

    Args:
        actor: Who; needs the role responder in the team of the one service that it names, or in
            the organisation.
        spec: How it is to be.
        origin: Where this comes from.
        now: The present.
        file: Name of the file it stands in.
        known: The state that the change was made for, see ``plumbing.hands.check_known``;
            ``None``: any.

    Raises:
        InvalidError: a field cannot be.
        ForbiddenError: the actor may not.
        StaleError: it is not in the state that is ``known``.
        KeptInFilesError: it is kept in a file, and this comes from elsewhere.
    """
    documents.check_silence(spec)
    what = f"silence {spec.name}"
    row = Silence.objects.select_for_update().filter(name=spec.name).first()
    for match in [spec.match, *([tuple(row.match)] if row is not None else [])]:
        hands.require(actor, Permission.RESPOND, what=what, team_id=_team_of(match))
    old = documents.write(directory.silence_spec(row)) if row is not None else None
    check_known(known, old, what)
    hands.check(row, origin, what)
    fields = hands.differences(old, documents.write(spec))
    if row is not None and not fields and row.origin == origin.value:
        return Change("Silence", spec.name, Action.UNCHANGED)
    action = Action.UPDATE if row is not None else Action.CREATE
    row = row or Silence(name=spec.name, created_at=now, author=hands.label(actor))
    row.match, row.start, row.end = list(spec.match), spec.start, spec.end
    row.recurrence, row.time_zone = spec.recurrence, spec.time_zone
    row.over_at = occasions.ends_at(spec.occasion()) if spec.recurrence else None
    row.resumes_at = None
    row.reason, row.origin = spec.reason, origin.value
    row.file = file[-1000:] if origin is Origin.FILE else ""
    row.save()
    _judge_again(spec.name, now=now)
    hands.record(actor, "silence.saved", row.pk, {"name": row.name}, now=now)
    transaction.on_commit(rules.forget)
    return Change("Silence", spec.name, action, fields)


@transaction.atomic
def remove_silence(
    *, actor: Actor, name: str, now: dt.datetime, origin: Origin = Origin.API
) -> Change:
    """Remove a silence; what it kept quiet and still fires pages then.

    Raises:
        SilenceNotFoundError: there is none of that name.
        ForbiddenError: the actor may not.
        KeptInFilesError: it is kept in a file, and this comes from elsewhere.
    """
    row = directory.silence_of(name)
    what = f"silence {name}"
    hands.require(actor, Permission.RESPOND, what=what, team_id=_team_of(tuple(row.match)))
    hands.check(row, origin, what)
    hands.record(actor, "silence.removed", row.pk, {"name": name}, now=now)
    row.delete()
    _judge_again(name, now=now)
    transaction.on_commit(rules.forget)
    return Change("Silence", name, Action.REMOVE)


@transaction.atomic
def remove_sample(*, actor: Actor, now: dt.datetime) -> int:
    """Remove the silences of the sample; return how many there were.

    What else they keep quiet pages then: let the sample's alerts end before.

    Raises:
        ForbiddenError: the actor is no admin.
    """
    hands.require(actor, Permission.ADMINISTER, what="the sample", team_id=None)
    found = list(Silence.objects.filter(origin=Origin.SAMPLE.value))
    for row in found:
        remove_silence(actor=actor, name=row.name, now=now, origin=Origin.SAMPLE)
    return len(found)


@transaction.atomic
def end_silence(*, actor: Actor, name: str, now: dt.datetime) -> None:
    """End early what holds of a silence; one that comes again still comes.

    What a file keeps can be ended too, until it is applied with another end.

    Raises:
        SilenceNotFoundError: there is none of that name.
        SilenceNotActiveError: it does not hold now.
        ForbiddenError: the actor may not.
    """
    row = directory.silence_of(name)
    what = f"silence {name}"
    hands.require(actor, Permission.RESPOND, what=what, team_id=_team_of(tuple(row.match)))
    active = occasions.active_at(directory.times_of(row, now), now)
    if active is None:
        raise SilenceNotActiveError(f"The silence {name} does not hold now; remove it to stop it")
    if row.recurrence:
        row.resumes_at = active.end
    elif row.start < now:
        row.end = now
    else:
        row.end = now + dt.timedelta(microseconds=1)
    row.save()
    _judge_again(name, now=now)
    hands.record(actor, "silence.ended", row.pk, {"name": name}, now=now)
    transaction.on_commit(rules.forget)


@transaction.atomic
def save_inhibition(
    *,
    actor: Actor,
    spec: InhibitionSpec,
    origin: Origin,
    now: dt.datetime,
    file: str = "",
    known: str | None = None,
) -> Change:
    """Make an inhibition be as ``spec`` says; what it keeps quiet already is judged again at once.

    Its sources are found among the alerts that are open. What pages already goes on.

    Args:
        actor: Who; needs the role editor in the organisation, since it rules all alerts.
        spec: How it is to be.
        origin: Where this comes from.
        now: The present.
        file: Name of the file it stands in.
        known: As for :func:`save_route`.

    Raises:
        InvalidError: a field cannot be.
        ForbiddenError: the actor may not.
        StaleError: it is not in the state that is ``known``.
        KeptInFilesError: it is kept in a file, and this comes from elsewhere.
    """
    documents.check_inhibition(spec)
    what = f"inhibition {spec.name}"
    hands.require(actor, Permission.EDIT, what=what, team_id=None)
    row = Inhibition.objects.select_for_update().filter(name=spec.name).first()
    old = documents.write(directory.inhibition_spec(row)) if row is not None else None
    check_known(known, old, what)
    hands.check(row, origin, what)
    fields = hands.differences(old, documents.write(spec))
    if row is not None and not fields and row.origin == origin.value:
        return Change("Inhibition", spec.name, Action.UNCHANGED)
    action = Action.UPDATE if row is not None else Action.CREATE
    row = row or Inhibition(name=spec.name, created_at=now)
    row.source, row.target, row.equal = list(spec.source), list(spec.target), list(spec.equal)
    row.origin, row.file = origin.value, file[-1000:] if origin is Origin.FILE else ""
    row.save()
    inhibiting.mark_again(documents.inhibition_of(spec))
    _judge_again(f"{INHIBITION}:{spec.name}", now=now)
    hands.record(actor, "inhibition.saved", row.pk, {"name": row.name}, now=now)
    transaction.on_commit(rules.forget)
    return Change("Inhibition", spec.name, action, fields)


@transaction.atomic
def remove_inhibition(
    *, actor: Actor, name: str, now: dt.datetime, origin: Origin = Origin.API
) -> Change:
    """Remove an inhibition; what it kept quiet and still fires pages then.

    Raises:
        InhibitionNotFoundError: there is none of that name.
        ForbiddenError: the actor may not.
        KeptInFilesError: it is kept in a file, and this comes from elsewhere.
    """
    row = directory.inhibition_of(name)
    what = f"inhibition {name}"
    hands.require(actor, Permission.EDIT, what=what, team_id=None)
    hands.check(row, origin, what)
    hands.record(actor, "inhibition.removed", row.pk, {"name": name}, now=now)
    row.delete()
    inhibiting.forget(name)
    _judge_again(f"{INHIBITION}:{name}", now=now)
    transaction.on_commit(rules.forget)
    return Change("Inhibition", name, Action.REMOVE)


def may_silence(actor: Actor, match: tuple[str, ...]) -> bool:
    """Return whether ``actor`` may keep quiet what matches."""
    return access.may(actor, Permission.RESPOND, team_id=_team_of(match))


def _judge_again(silence: str, *, now: dt.datetime) -> None:
    """Let the job that ends silences look at once at what this one, or another, keeps quiet."""
    Alert.objects.filter(muted_by=silence, muted_until__gt=now).update(muted_until=now)


def _team_of(match: tuple[str, ...]) -> int | None:
    """Return the team whose one service the matchers name; ``None``: they reach further."""
    for matcher in matching.parse_all(match):
        if (matcher.name, matcher.operator) == ("service", "="):
            return alerts.team_of(matcher.value)
    return None
