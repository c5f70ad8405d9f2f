"""Notifications' port Channel by Apprise, which knows some 150 services that have no folder here.

It opens its own connections, so that it never runs in our processes: ``call`` says how it is held.
"""

import hashlib
import importlib.util
import os
import subprocess
import sys
import threading
from functools import cache
from pathlib import Path

from django.conf import settings

import watchkeeper
from watchkeeper.integrations.apprise.domain import wire
from watchkeeper.integrations.apprise.domain.wire import Answer, Call
from watchkeeper.kernel import clock
from watchkeeper.notifications.domain.outcomes import Outcome, Result
from watchkeeper.notifications.ports import Message, Recipient
from watchkeeper.notifications.usecases import texts

MOST_LISTED = 10
TIMEOUT_SECONDS = 8.0
LONGEST_WAIT_SECONDS = 5.0
MOST_AT_ONCE = 6
_PROGRAM = "watchkeeper.integrations.apprise.call"
_PLACES = threading.BoundedSemaphore(MOST_AT_ONCE)


class AppriseChannel:
    """Hands a page to a service of Apprise, in a process that is ended when its time is over."""

    def is_ready(self) -> bool:
        """See ``Channel``; it needs the extra ``apprise`` and no setting."""
        return _is_installed()

    def provider(self, to: Recipient) -> str:
        """See ``Channel``; a digest, since a token may stand where others have a host."""
        scheme, _, rest = to.address.partition("://")
        place = rest.partition("/")[0].rpartition("@")[2]
        return f"{scheme} {hashlib.sha256(place.encode()).hexdigest()[:12]}"

    def send(self, message: Message, to: Recipient) -> Result:
        """See ``Channel``."""
        body = "\n".join(
            [texts.headline(message), *texts.lines(message, most=MOST_LISTED), message.link]
        )
        call = Call(
            address=to.address,
            title="Watchkeeper",
            body=body,
            internal=to.is_by_admin,
            allowed=tuple(settings.WATCHKEEPER.egress_allow),
        )
        end = clock.monotonic() + TIMEOUT_SECONDS
        if not _PLACES.acquire(timeout=LONGEST_WAIT_SECONDS):
            return Result(Outcome.TEMPORARY, "too many calls by Apprise at once", was_called=False)
        try:
            return _result(_answered(call, seconds=end - clock.monotonic()), to)
        finally:
            _PLACES.release()


@cache
def _is_installed() -> bool:
    return importlib.util.find_spec("apprise") is not None


def _answered(call: Call, *, seconds: float) -> Answer | None:
    """Return what a process of its own says of ``call``; ``None`` where its time was over."""
    with subprocess.Popen(  # noqa: S603  our own program
        [sys.executable, "-P", "-s", "-m", _PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PYTHONPATH": str(Path(watchkeeper.__file__).parents[1]), "HOME": os.devnull},
        cwd="/",
    ) as process:
        try:
            out, _ = process.communicate(call.write(), timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            return None
    return wire.read_answer(out) or Answer(is_accepted=False, words="Apprise broke off")


def _result(answer: Answer | None, to: Recipient) -> Result:
    """Return what an answer means; no part of the address is in its words."""
    if answer is None:
        seconds = f"{TIMEOUT_SECONDS:g} s"
        return Result(Outcome.TEMPORARY, f"the service did not answer within {seconds}")
    if answer.is_accepted:
        return Result(Outcome.ACCEPTED, "Apprise: accepted")
    words = wire.cleaned(answer.words, address=to.address)
    outcome = Outcome.PERMANENT if answer.is_refused else Outcome.TEMPORARY
    return Result(outcome, f"Apprise: {words or 'the service did not take it'}")
