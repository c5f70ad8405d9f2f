"""A policy named shop, escalations that are walked by hand, and what rooms were told."""

import datetime as dt
import hashlib
import hmac
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.factories import HOST, make_user
from tests.notifications.provider import Provider
from watchkeeper.kernel import clock
from watchkeeper.kernel.actors import Actor
from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.origins import Origin
from watchkeeper.notifications import usecases as notifications
from watchkeeper.notifications.domain.contacts import ContactSpec, PagingSpec
from watchkeeper.notifications.models import Contact
from watchkeeper.notifications.tasks import Sender
from watchkeeper.oncall import usecases
from watchkeeper.oncall.models import Escalation
from watchkeeper.oncall.queries import Story, Subject
from watchkeeper.oncall.tasks import escalate
from watchkeeper.oncall.usecases import escalations
from watchkeeper.oncall.usecases.escalations import Trigger
from watchkeeper.plumbing.kinds import Change

DISK = Subject("alert", "17")
URL = "http://w/alerts/17"
HOUR, MINUTE = dt.timedelta(hours=1), dt.timedelta(minutes=1)
BOB = {"person": "bob"}
SETTLED = {"delivered", "failed"}


def save(
    *steps: dict[str, Any], actor: Actor = HOST, origin: Origin = Origin.API, **spec: Any
) -> Change:
    head = {"apiVersion": "watchkeeper/v1", "kind": "EscalationPolicy"}
    document = Document(
        {**head, "metadata": {"name": "shop"}, "spec": {"steps": list(steps), **spec}}
    )
    return usecases.save_policy(actor=actor, document=document, origin=origin, now=clock.now())


def start(*, now: dt.datetime, subject: Subject = DISK, urgency: str = "high") -> None:
    escalations.start_many([Trigger(subject, "shop", urgency, "Disk full", "shop", URL)], now=now)


def walk(now: dt.datetime) -> None:
    """Step until nothing is due at ``now``; by the database's clock all is due long ago."""
    for _ in range(100):
        if not Escalation.objects.filter(state="open", next_at__lte=now).exists():
            return
        escalate(now)
    pytest.fail("it never came to rest")


def until(sender: Sender, condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        if not sender.step(clock.now()):
            time.sleep(0.01)


def told(story: Story) -> list[tuple[str, int, int, str]]:
    """Return who and which room was told in which round and step, and what became of it."""
    return [(page.room or page.person, page.loop, page.step, page.state) for page in story.pages]


def is_signed(call: dict[str, Any], secret: str) -> bool:
    stamp, _, found = call["headers"]["watchkeeper-signature"].partition(",v1=")
    text = f"{stamp.removeprefix('t=')}.{call['body']}".encode()
    return bool(found == hmac.new(secret.encode(), text, hashlib.sha256).hexdigest())


def make_bob(phone: Provider) -> None:
    make_user("bob")
    contact = ContactSpec("hook", "webhook", phone.url("/bob"), verified=True)
    notifications.save_paging(
        actor=HOST,
        person="bob",
        spec=PagingSpec((contact,)),
        origin=Origin.API,
        now=clock.now(),
    )


def row_of(number: int = 0) -> Contact:
    return Contact.objects.filter(user=None).order_by("pk")[number]
