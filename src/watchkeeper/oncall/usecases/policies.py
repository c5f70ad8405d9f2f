"""Making, changing and removing escalation policies."""

import datetime as dt
from functools import partial

from django.db import transaction

from watchkeeper.audit import usecases as audit
from watchkeeper.catalog.usecases import hands as teams
from watchkeeper.kernel import access
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.origins import Origin
from watchkeeper.notifications import usecases as notifications
from watchkeeper.oncall.domain import policies, rooms
from watchkeeper.oncall.domain.escalation import EscalationState
from watchkeeper.oncall.models import Escalation, EscalationPolicy
from watchkeeper.oncall.queries.escalations import PolicyNotFoundError
from watchkeeper.plumbing import hands
from watchkeeper.plumbing.kinds import Action, Change


@transaction.atomic
def save_policy(
    *,
    actor: Actor,
    document: Document,
    origin: Origin,
    now: dt.datetime,
    known: str | None = None,
) -> Change:
    """Make an escalation policy be as its document says, for escalations that begin from now on.

    Args:
        actor: Who; needs the role editor in the team that owns it, and in the one that will.
        document: How it is to be; schedules, people and teams that do not exist yet may be named.
        origin: Where this comes from.
        now: The present.
        known: The state that the change was made for, see ``hands.check_known``; ``None``: any.

    Raises:
        InvalidError: the document is wrong, or there is no such team.
        ForbiddenError: the actor may not.
        StaleError: it is not in the state that is ``known``.
        KeptInFilesError: it is kept in a file and this comes from elsewhere.
        TakenOverError: it was taken over and this comes from a file.
    """
    wanted = policies.read(document.data)
    what = f"escalation policy {wanted.name}"
    rows = EscalationPolicy.objects.select_related("owner").select_for_update(of=("self",))
    row = rows.filter(name=wanted.name).first()
    stored, before = rooms.stored(document.data), row.document if row is not None else {}
    fields = hands.fields_of(before, stored)
    keep_rooms = partial(
        notifications.keep_rooms,
        actor=actor,
        holder=rooms.holder_of(wanted.name),
        specs=rooms.specs_of(document.data),
        origin=origin,
        now=now,
    )
    if row is not None:
        access.require(actor, Permission.EDIT, what=what, team_id=row.owner_id)
    hands.check_known(known, row.document if row is not None else None, what)
    if row is not None:
        owner = row.owner.name if row.owner is not None else None
        if not fields and owner == wanted.owner and hands.is_settled(row, origin):
            if not (origin is Origin.FILE and row.is_taken_over) and keep_rooms():
                _record(actor, "escalation_policy.secret_saved", row.pk, now)
            return Change(policies.KIND, wanted.name, Action.UNCHANGED)
        hands.check_hands(row, origin, what)
    team_id = teams.team_id_of(wanted.owner, actor=actor, origin=origin, now=now)
    if row is None or team_id not in (row.owner_id, None):
        access.require(actor, Permission.EDIT, what=what, team_id=team_id)
    action = Action.CREATE if row is None else Action.UPDATE
    if row is None:
        row = EscalationPolicy(name=wanted.name, origin=origin.value, created_at=now)
    row.owner_id, row.document = team_id, stored
    hands.set_origin(row, origin, document.file)
    row.save()
    keep_rooms()
    _record(actor, "escalation_policy.saved", row.pk, now)
    return Change(policies.KIND, wanted.name, action, fields)


@transaction.atomic
def remove_policy(
    *, actor: Actor, name: str, now: dt.datetime, origin: Origin = Origin.API
) -> Change:
    """Remove a policy; escalations that began with it go on with it.

    Raises:
        PolicyNotFoundError: there is none of that name.
        ForbiddenError: the actor may not.
        KeptInFilesError: it is kept in a file and this comes from elsewhere.
    """
    row = _policy(name, actor=actor)
    if origin is Origin.FILE and row.is_taken_over:
        return Change(policies.KIND, name, Action.UNCHANGED)
    if origin is not Origin.FILE:
        hands.check_hands(row, origin, f"escalation policy {name}")
    _record(actor, "escalation_policy.removed", row.pk, now)
    notifications.retire_rooms(holder=rooms.holder_of(name), now=now)
    row.delete()
    return Change(policies.KIND, name, Action.REMOVE)


def forget_rooms(*, now: dt.datetime) -> None:
    """Let go of rooms that no policy names any more, nor any that is at work."""
    at_work = Escalation.objects.filter(state=EscalationState.OPEN.value)
    names = at_work.values_list("policy", flat=True).distinct()
    notifications.forget_rooms(under_way={rooms.holder_of(name) for name in names}, now=now)


@transaction.atomic
def take_over_policy(*, actor: Actor, name: str, now: dt.datetime) -> None:
    """Let a policy that came from a file be changed here; the file no longer rules it.

    Raises:
        PolicyNotFoundError: there is none of that name.
        ForbiddenError: the actor may not.
    """
    row = _policy(name, actor=actor)
    if hands.take_over(row):
        row.save()
        _record(actor, "escalation_policy.taken_over", row.pk, now)


@transaction.atomic
def remake_room_secret(*, actor: Actor, policy: str, room: str, now: dt.datetime) -> str:
    """Make a new secret for a webhook of a policy and return it, this once.

    The old one signs no more, not even for escalations under way.

    Raises:
        PolicyNotFoundError: there is no such policy.
        RoomNotFoundError: it tells no webhook of that id.
        ForbiddenError: the actor may not change the policy.
    """
    row = _policy(policy, actor=actor)
    secret = notifications.remake_room_secret(holder=rooms.holder_of(policy), room=room)
    _record(actor, "escalation_policy.secret_made", row.pk, now)
    return secret


@transaction.atomic
def try_room(*, actor: Actor, policy: str, room: str, now: dt.datetime) -> None:
    """Tell a room of a policy that nothing is wrong, to see that it hears.

    Raises:
        PolicyNotFoundError: there is no such policy.
        RoomNotFoundError: it tells no room of that id.
        InvalidError: nothing sends by its channel here.
        ForbiddenError: the actor may not change the policy.
    """
    row = _policy(policy, actor=actor)
    notifications.try_room(holder=rooms.holder_of(policy), room=room, now=now)
    _record(actor, "escalation_policy.room_tested", row.pk, now)


def _policy(name: str, *, actor: Actor) -> EscalationPolicy:
    """Return a policy that the actor may change."""
    what = f"escalation policy {name}"
    access.require(actor, Permission.READ, what=what)
    row = EscalationPolicy.objects.filter(name=name).first()
    if row is None:
        raise PolicyNotFoundError(f"There is no {what}")
    access.require(actor, Permission.EDIT, what=what, team_id=row.owner_id)
    return row


def _record(actor: Actor, action: str, policy_id: int, now: dt.datetime) -> None:
    audit.record(
        actor=actor,
        action=action,
        kind="escalation_policy",
        object_id=policy_id,
        detail={},
        now=now,
    )
