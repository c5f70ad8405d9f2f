"""Sessions of the web: begun at sign-in, noted while used, confirmed, listed, ended."""

import datetime as dt

from allauth.mfa.models import Authenticator
from django.db import IntegrityError, transaction

from watchkeeper.identity import queries
from watchkeeper.identity.domain import sessions as domain
from watchkeeper.identity.models import UsedCode, User, WebSession
from watchkeeper.identity.queries import SessionRow
from watchkeeper.identity.usecases import shared
from watchkeeper.kernel import access
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor, ActorKind
from watchkeeper.kernel.errors import NotFoundError
from watchkeeper.plumbing import secret_box

_CODE_KEPT = dt.timedelta(minutes=10)
_NAME_LENGTH = 300


class SessionNotFoundError(NotFoundError):
    """There is no such session, or none of this person."""

    code = "session_not_found"


def begin_session(*, user: User, address: str, browser: str, now: dt.datetime) -> int:
    """Note that somebody signed in with a browser; return the session's id."""
    made = WebSession.objects.create(
        user=user,
        created_at=now,
        seen_at=now,
        confirmed_at=now,
        address=address[:64],
        browser=browser[:_NAME_LENGTH],
    )
    return made.pk


def live_session(*, session_id: int, user_id: int, now: dt.datetime) -> SessionRow | None:
    """Return a session that still holds, noting that it is in use; ``None``: it is over."""
    row = queries.session_row(session_id, user_id=user_id)
    if row is None:
        return None
    if domain.is_over(began_at=row.created_at, seen_at=row.seen_at, now=now):
        WebSession.objects.filter(pk=session_id).delete()
        return None
    if domain.is_worth_noting(row.seen_at, now=now):
        WebSession.objects.filter(pk=session_id).update(seen_at=now)
    return row


def confirm_session(*, session_id: int, user_id: int, now: dt.datetime) -> None:
    """Note that the person proved again who they are."""
    WebSession.objects.filter(pk=session_id, user_id=user_id).update(confirmed_at=now)


def forget_session(*, session_id: int, user_id: int) -> None:
    """End the session of somebody who signs out."""
    WebSession.objects.filter(pk=session_id, user_id=user_id).delete()


@transaction.atomic
def end_session(*, actor: Actor, name: str, session_id: int, now: dt.datetime) -> None:
    """End one session of a person at once; their own, or anybody's by an admin.

    Raises:
        SessionNotFoundError: there is none of that number with this person.
        PersonNotFoundError: there is none of that name.
        ForbiddenError: it is another's, and the actor is no admin.
    """
    user = _theirs(actor, name)
    if not user.sessions.filter(pk=session_id).delete()[0]:
        raise SessionNotFoundError(f"{name} has no session {session_id}")
    shared.record(actor, "session.ended", "person", user.pk, {"session": session_id}, now)


@transaction.atomic
def end_other_sessions(
    *, actor: Actor, name: str, now: dt.datetime, keep: int | None = None
) -> int:
    """End every session of a person but one; return how many ended.

    Raises:
        PersonNotFoundError: there is none of that name.
        ForbiddenError: they are another's, and the actor is no admin.
    """
    user = _theirs(actor, name)
    others = user.sessions.all() if keep is None else user.sessions.exclude(pk=keep)
    ended, _ = others.delete()
    if ended:
        shared.record(actor, "session.ended", "person", user.pk, {"count": ended}, now)
    return ended


def forget_sessions(*, now: dt.datetime) -> int:
    """Remove sessions that ended by themselves; return how many."""
    idle, _ = WebSession.objects.filter(seen_at__lte=now - domain.IDLE).delete()
    old, _ = WebSession.objects.filter(created_at__lte=now - domain.LONGEST).delete()
    return idle + old


def claim_code(*, user_id: int, code: str, now: dt.datetime) -> bool:
    """Use up a code of a second factor; return whether it was unused, on any node.

    Source: RFC 6238, 5.2: a verifier must not accept the second attempt of a code.
    """
    UsedCode.objects.filter(user_id=user_id, used_at__lt=now - _CODE_KEPT).delete()
    try:
        with transaction.atomic():
            UsedCode.objects.create(
                user_id=user_id, hash=queries.secret_hash(f"code {code}"), used_at=now
            )
    except IntegrityError:
        return False
    return True


def _theirs(actor: Actor, name: str) -> User:
    """Return a person whose sessions ``actor`` may see and end."""
    access.require(actor, Permission.READ, what=f"person {name}")
    user = shared.person_of(name)
    if not (actor.kind is ActorKind.USER and actor.id == user.pk):
        access.require(actor, Permission.ADMINISTER, what=f"sessions of {name}")
    return user


def reseal_second_factors(*, context: str) -> int:
    """Seal the secrets of every second factor with the newest key; return how many changed.

    Args:
        context: What they are bound to.

    Raises:
        InvalidError: one cannot be opened.
    """
    changed = 0
    for row in Authenticator.objects.select_for_update().order_by("pk"):
        sealed = {name: row.data[name] for name in ("secret", "seed") if name in row.data}
        anew = {name: secret_box.resealed(text, context=context) for name, text in sealed.items()}
        changed += sum(anew[name] != text for name, text in sealed.items())
        Authenticator.objects.filter(pk=row.pk).update(data=row.data | anew)
    return changed
