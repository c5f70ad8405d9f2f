"""Wrong passwords and codes: counted before they are looked at, and made to wait."""

import datetime as dt
import math
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F

from watchkeeper.identity import queries
from watchkeeper.identity.domain import throttle
from watchkeeper.identity.domain.throttle import Allowance
from watchkeeper.identity.models import SignInTries, User
from watchkeeper.kernel.errors import LimitError
from watchkeeper.plumbing import metrics

_RACES = 8


class TooManyTriesError(LimitError):
    """Wrong passwords or codes came too often; the wait is bounded."""

    code = "too_many_tries"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try that was counted already.

    Attributes:
        account: Key of the account, or of its known browser.
        address: Key of the network address; empty where there is none.
    """

    account: str
    address: str


def begin_attempt(
    *, what: str, login: str, address: str, device: str, now: dt.datetime
) -> Attempt:
    """Count one try as wrong before it is looked at, so that none slips by in parallel.

    Args:
        what: What is guessed: ``password`` or ``code``.
        login: Name or mail address as typed; need not exist.
        address: Network address it comes from; empty: not over a network.
        device: The number of a browser that this account signed in from before; empty: a stranger.
        now: The present.

    Raises:
        TooManyTriesError: it must wait; the same for accounts that exist and those that do not.
    """
    subject = _subject(login)
    account = queries.secret_hash(f"tries {what} {subject} {device}")
    place = queries.secret_hash(f"tries {address}") if address else ""
    wanted = [(account, throttle.ACCOUNT), (place, throttle.ADDRESS)] if place else [
        (account, throttle.ACCOUNT)
    ]  # fmt: skip
    for key, _ in wanted:
        _check(key, now=now)
    for key, allowance in wanted:
        _count(key, allowance=allowance, now=now)
    return Attempt(account, place)


def attempt_succeeded(attempt: Attempt) -> None:
    """Forget the wrong tries of the account, and give the address its one back.

    The address keeps what other accounts cost it, else a guesser would sign in as themselves in
    between.
    """
    SignInTries.objects.filter(key=attempt.account).delete()
    if attempt.address:
        SignInTries.objects.filter(key=attempt.address, failures__gt=0).update(
            failures=F("failures") - 1, wait_until_at=F("last_at")
        )


def forget_tries(*, user: User) -> None:
    """End every wait of an account whose owner came in by a link."""
    for what in ("password", "code"):
        key = queries.secret_hash(f"tries {what} {_subject(user.name)} ")
        SignInTries.objects.filter(key=key).delete()


def forget_old_tries(*, before: dt.datetime) -> int:
    """Remove counts that no longer count; return how many."""
    deleted, _ = SignInTries.objects.filter(last_at__lt=before).delete()
    return deleted


def _subject(login: str) -> str:
    """Return one word for an account, by whichever of its names it is called."""
    found = queries.user_id_by_login(login)
    return f"user {found}" if found is not None else f"nobody {login.strip().casefold()[:300]}"


def _check(key: str, *, now: dt.datetime) -> None:
    row = SignInTries.objects.filter(key=key, wait_until_at__gt=now).first()
    if row is not None:
        _refuse(row.wait_until_at - now)


def _count(key: str, *, allowance: Allowance, now: dt.datetime) -> None:
    for _ in range(_RACES):
        with transaction.atomic():
            row, _made = SignInTries.objects.get_or_create(
                key=key, defaults={"last_at": now, "wait_until_at": now}
            )
            if row.wait_until_at > now:  # others counted in between
                _refuse(row.wait_until_at - now)
            failures = throttle.counted(row.failures, last_at=row.last_at, now=now) + 1
            changed = SignInTries.objects.filter(
                pk=row.pk, failures=row.failures, wait_until_at=row.wait_until_at
            ).update(
                failures=failures,
                last_at=now,
                wait_until_at=now + throttle.wait_after(failures, allowance=allowance),
            )
        if changed:
            return
    _refuse(dt.timedelta(seconds=1))


def _refuse(wait: dt.timedelta) -> None:
    seconds = max(1, math.ceil(wait.total_seconds()))
    metrics.REFUSED.labels("sign-in").inc()
    raise TooManyTriesError(
        f"Too many wrong tries; wait {seconds} s. An admin's link lets you in at once, and on the "
        "host: watchkeeper user link NAME",
        retry_after_seconds=seconds,
    )
