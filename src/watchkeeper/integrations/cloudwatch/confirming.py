"""Confirming subscriptions: due work that lives through crashes and is tried until SNS forgets.

Source: docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.confirm: a token is good for two days.
"""

import datetime as dt
import secrets

import structlog
from django.db import transaction

from watchkeeper.alerts.domain import events
from watchkeeper.alerts.domain.events import Action
from watchkeeper.alerts.usecases import intake
from watchkeeper.integrations.cloudwatch import certificates
from watchkeeper.integrations.cloudwatch.domain import envelope
from watchkeeper.integrations.cloudwatch.inbound import CONFIRM
from watchkeeper.kernel.errors import DependencyError, InvalidError
from watchkeeper.plumbing import due_work, egress
from watchkeeper.plumbing.due_work import Claim

GOOD_FOR = dt.timedelta(days=2)
LEASE_MS = 15_000
_OWNER = f"confirmer-{secrets.token_hex(4)}"

logger = structlog.get_logger(__name__)


def confirm_one(*, now: dt.datetime) -> bool:
    """Confirm one subscription that is due; false: none is.

    The call goes out between transactions: SNS takes the same confirmation twice.
    """
    held = due_work.claim(
        kind=CONFIRM, owner=_OWNER, lease_ms=LEASE_MS, max_attempts=due_work.FOREVER
    )
    for each in held:
        _confirm(each, now=now)
    return bool(held)


def _confirm(held: Claim, *, now: dt.datetime) -> None:
    topic = str(held.payload["topic"])
    try:
        _called(str(held.payload["url"]))
    except (DependencyError, InvalidError) as error:
        is_over = isinstance(error, InvalidError) or error.permanent
        asked = dt.datetime.fromtimestamp(float(held.payload["asked"]), tz=dt.UTC)
        if is_over or now - asked > GOOD_FOR:
            _give_up(held, topic, error.message, now=now)
        else:
            logger.warning("a subscription is not confirmed yet", topic=topic, why=error.message)
            due_work.fail(held, error=error.message, forever=True)
        return
    due_work.finish(held)
    logger.info("a subscription is confirmed", topic=topic)


def _called(url: str) -> None:
    place = envelope.place_of(url, certificates.hosts())
    response = egress.request("GET", place.url, trust=certificates.trust_of(place))
    if response.status != 200:
        is_permanent = not response.is_server_fault and response.status != 429
        message = f"Amazon SNS answered {response.status}"
        raise DependencyError(message, permanent=is_permanent)


def _give_up(held: Claim, topic: str, why: str, *, now: dt.datetime) -> None:
    """Let people know: without a confirmation no alarm of the topic comes."""
    logger.error("a subscription is not confirmed", topic=topic, why=why)
    event = events.make(
        Action.TRIGGER,
        f"subscription/{topic}",
        title=f"The subscription to {topic} could not be confirmed",
        severity="error",
        description=f"{why}. No alarm of this topic comes here; subscribe the address again.",
    )
    with transaction.atomic():
        due_work.confirm(held)
        intake.tell_of_errand(held.payload, event, now=now)
        due_work.finish(held)
