"""A process of its own for one call by Apprise: JSON in, a line of JSON out.

Started by ``adapter``. It gets no environment and no settings, so that nothing of ours can leak,
puts itself on a leash before the address is looked at, and ends by itself when its time is over,
even if whoever started it is gone.
"""

import ipaddress
import logging
import signal
import sys

import apprise
from apprise.manager_plugins import NotificationManager
from apprise.plugins import url_to_dict

from watchkeeper.integrations.apprise import services
from watchkeeper.integrations.apprise.domain import wire
from watchkeeper.integrations.apprise.domain.wire import Answer, Call
from watchkeeper.plumbing.leash import Leash

LIFE_SECONDS = 10


class _LastWords(logging.Handler):
    """Keeps the last thing that Apprise complained of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self.text = record.getMessage()


def answer(call: Call) -> Answer:
    """Call once and return what came of it."""
    words = _LastWords()
    logger = logging.getLogger("apprise")
    logger.addHandler(words)
    logger.propagate = False
    known = NotificationManager()
    known.load_modules()
    leash = Leash(
        internal=call.internal, allowed=[ipaddress.ip_network(each) for each in call.allowed]
    )
    leash.put_on()
    found = url_to_dict(call.address)
    if not found or found.get("schema") not in known:
        return Answer(is_accepted=False, is_refused=True, words="it knows no such address")
    if not services.is_over_http(known[found["schema"]]):
        why = f"{found['schema']}:// is not called from here, since it does not go by HTTP"
        return Answer(is_accepted=False, is_refused=True, words=why)
    service = apprise.Apprise.instantiate(found)
    if service is None:
        why = leash.refused[0] if leash.refused else words.text or "it cannot use the address"
        return Answer(is_accepted=False, is_refused=True, words=why)
    service.redirects = False
    service.socket_read_timeout = float(LIFE_SECONDS)  # who started it ends it sooner
    service.verify_certificate = True
    if service.notify(body=call.body, title=call.title):
        return Answer(is_accepted=True)
    why = leash.refused[0] if leash.refused else words.text
    return Answer(is_accepted=False, is_refused=bool(leash.refused), words=why)


def main() -> None:
    """Read a call, make it, write what came of it."""
    signal.alarm(LIFE_SECONDS)
    call = wire.read_call(sys.stdin.buffer.read())
    sys.stdout.write(answer(call).write() + "\n")


if __name__ == "__main__":
    main()
