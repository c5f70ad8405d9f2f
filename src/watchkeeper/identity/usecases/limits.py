"""Writing down that somebody came too often, so that a limit never works in silence."""

import datetime as dt

from django.db import transaction
from django.db.models import F

from watchkeeper.identity.models import LimitReached
from watchkeeper.identity.usecases import shared
from watchkeeper.kernel.actors import Actor, ActorKind

_EPISODE = dt.timedelta(hours=1)
_MOST_ADDRESSES = 1000


@transaction.atomic
def note_limit(*, actor: Actor, refused: int, now: dt.datetime) -> None:
    """Add to what was refused of a token, else of an address; the log tells of each episode once.

    Args:
        actor: Who came too often.
        refused: How many more were refused.
        now: The present.
    """
    is_token = actor.kind is ActorKind.TOKEN
    who = {"token_id": actor.id} if is_token else {"address": actor.address[:64]}
    row = LimitReached.objects.filter(**who).first()
    if row is None and not is_token and LimitReached.objects.count() >= _MOST_ADDRESSES:
        return  # the metric goes on counting
    is_new = row is None or row.last_at <= now - _EPISODE
    if row is None:
        LimitReached.objects.create(**who, first_at=now, last_at=now, refused=refused)
    elif is_new:
        LimitReached.objects.filter(pk=row.pk).update(first_at=now, last_at=now, refused=refused)
    else:
        LimitReached.objects.filter(pk=row.pk).update(last_at=now, refused=F("refused") + refused)
    if is_new:
        kind = "token" if is_token else "address"
        number = actor.id if is_token and actor.id is not None else 0
        shared.record(actor, "limit.reached", kind, number, {}, now)


def forget_limits(*, before: dt.datetime) -> int:
    """Remove what was refused before an instant; return how many."""
    deleted, _ = LimitReached.objects.filter(last_at__lt=before).delete()
    return deleted
