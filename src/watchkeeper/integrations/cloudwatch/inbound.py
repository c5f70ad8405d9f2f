"""Alarms of Amazon CloudWatch, as Amazon SNS posts them.

Source: docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring (alarm notifications) and
docs.aws.amazon.com/sns/latest/dg.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from watchkeeper.alerts.domain import events, payloads
from watchkeeper.alerts.domain.events import Action, Event
from watchkeeper.alerts.ports import ADDRESS, Errand, Post, Snippet, TurnedAwayError
from watchkeeper.integrations.cloudwatch import certificates
from watchkeeper.integrations.cloudwatch.domain import envelope
from watchkeeper.integrations.cloudwatch.domain.envelope import Envelope
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.plumbing import strict_json

_SUBSCRIBE = f"""\
aws sns subscribe --topic-arn arn:aws:sns:REGION:ACCOUNT:TOPIC --protocol https \\
  --notification-endpoint '{ADDRESS}'
"""
CONFIRM = "cloudwatch.confirm"
_STATES = {"ALARM": Action.TRIGGER, "OK": Action.RESOLVE}
_UNKNOWN = "INSUFFICIENT_DATA"
_POLICIES = {"note": Action.NOTE, "trigger": Action.TRIGGER, "resolve": Action.RESOLVE}


class CloudWatchReader:
    """Reads one alarm per message, and only what Amazon SNS signed."""

    snippets = (
        Snippet(
            "Amazon SNS, Topics, Create subscription: protocol HTTPS, raw message delivery off; "
            "the endpoint",
            ADDRESS,
        ),
        Snippet("Or by the command line", _SUBSCRIBE),
    )

    def lacks(self, post: Post) -> bool:
        """See ``alerts.ports.Preparing``: whether the certificate is to be fetched."""
        try:
            told = envelope.read(strict_json.read(post.body))
        except InvalidError:
            return False
        return not certificates.is_known(told.certificate_url)

    def prepare(self, post: Post) -> None:
        """See ``alerts.ports.Preparing``."""
        try:
            certificates.fetch(envelope.read(strict_json.read(post.body)).certificate_url)
        except InvalidError:
            return  # reading it says the same, to the sender

    def read(self, post: Post, settings: Mapping[str, Any]) -> Sequence[Event]:
        """See ``alerts.ports.Reader``; ``settings.insufficientData`` says what that state does.

        Raises:
            TurnedAwayError: it is not known to be from Amazon SNS.
        """
        told = _verified(post)
        if told.type == envelope.SUBSCRIBE:
            return []
        if told.type == envelope.UNSUBSCRIBE:
            return [_unsubscribed(told)]
        alarm = payloads.mapping(_message(told), "Message")
        policy = payloads.text(settings.get("insufficientData"), "insufficientData") or "note"
        event = _alarm(alarm, unknown=_POLICIES[policy])
        return [replace(event, message=told.id)]

    def errand(self, post: Post) -> Errand | None:
        """See ``alerts.ports.Running``: a subscription is confirmed from here."""
        told = _verified(post)
        if told.type != envelope.SUBSCRIBE:
            return None
        _checked(told.subscribe_url)
        digest = hashlib.sha256(told.subscribe_url.encode("utf-8", "replace")).hexdigest()
        payload = {"url": told.subscribe_url, "topic": told.topic}
        return Errand(CONFIRM, f"{told.topic[:200]} {digest}", payload)


def _verified(post: Post) -> Envelope:
    """Return the envelope, which a person vouches for or the signature does."""
    try:
        told = envelope.read(strict_json.read(post.body))
        if post.is_vouched:
            return told
        signer = certificates.signer(told.certificate_url, now=post.received_at)
        envelope.verify(told, signer.key)
    except certificates.UnreachableError as error:
        raise TurnedAwayError(f"Nothing was stored: {error.message}", is_passing=True) from error
    except InvalidError as error:
        message = f"It is not known to be from Amazon SNS, so nothing was stored: {error.message}"
        raise TurnedAwayError(message) from error
    return told


def _checked(url: str) -> None:
    try:
        envelope.place_of(url, certificates.hosts())
    except InvalidError as error:
        raise TurnedAwayError(f"The SubscribeURL is not followed: {error.message}") from error


def _message(told: Envelope) -> Any:
    try:
        return strict_json.read(told.text.encode("utf-8", "surrogatepass"))
    except (InvalidError, UnicodeEncodeError) as error:
        raise InvalidError(
            "The Message is not the JSON of an alarm of CloudWatch; subscribe this address only "
            "to topics that alarms notify"
        ) from error


def _unsubscribed(told: Envelope) -> Event:
    return events.make(
        Action.TRIGGER,
        f"subscription/{told.topic}",
        title=f"The topic {told.topic} sends no more alarms here",
        severity="warning",
        description="The subscription was removed. If that was wanted, resolve this; else "
        "subscribe this address again.",
    )


def _alarm(alarm: Mapping[str, Any], *, unknown: Action) -> Event:
    name = payloads.text(alarm.get("AlarmName"), "AlarmName")
    state = payloads.text(alarm.get("NewStateValue"), "NewStateValue")
    if not name or (state not in _STATES and state != _UNKNOWN):
        raise InvalidError(
            f"The Message is no alarm of CloudWatch: AlarmName is {name[:80]!r}, NewStateValue "
            f"is {state[:40]!r}, which is none of ALARM, OK, {_UNKNOWN}"
        )
    action = _STATES.get(state, unknown)
    reason = payloads.text(alarm.get("NewStateReason"), "NewStateReason")
    told = payloads.text(alarm.get("AlarmDescription"), "AlarmDescription")
    region = payloads.text(alarm.get("Region"), "Region")
    account = payloads.text(alarm.get("AWSAccountId"), "AWSAccountId")
    changed = payloads.moment(alarm.get("StateChangeTime"), "StateChangeTime")
    return events.make(
        action,
        payloads.text(alarm.get("AlarmArn"), "AlarmArn") or f"{account}/{region}/{name}",
        title=f"{name} has no data" if state == _UNKNOWN else name,
        severity="warning" if state == _UNKNOWN else "error",
        started_at=changed if action is Action.TRIGGER else None,
        episode="",  # what ends an alarm does not say when it began
        description="\n\n".join(filter(None, (told, reason))),
        labels=_labels(alarm) | {"alarm": name, "region": region, "account": account},
    )


def _labels(alarm: Mapping[str, Any]) -> dict[str, str]:
    """Return what the alarm watches; an alarm over an expression has metrics, not one metric."""
    trigger = payloads.mapping(alarm.get("Trigger"), "Trigger")
    told = {
        "namespace": payloads.text(trigger.get("Namespace"), "Namespace"),
        "metric": payloads.text(trigger.get("MetricName"), "MetricName"),
    }
    dimensions = trigger.get("Dimensions")
    for each in dimensions if isinstance(dimensions, list) else []:
        pair = payloads.mapping(each, "a dimension")
        told[payloads.text(pair.get("name"), "name")] = payloads.text(pair.get("value"), "value")
    return {name: value for name, value in told.items() if name and value}
