"""What Alertmanager posts to a webhook.

Source: prometheus.io/docs/alerting/latest/configuration/#webhook_config, version 4.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from watchkeeper.alerts.domain import events, payloads
from watchkeeper.alerts.domain.events import Action, Event
from watchkeeper.alerts.ports import ADDRESS, Post, Snippet
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.plumbing import strict_json

MOST_ALERTS = 10_000
_RECEIVER = f"""\
- name: watchkeeper
  webhook_configs:
    - url: {ADDRESS}
      send_resolved: true
      max_alerts: 500
"""


class AlertmanagerReader:
    """Reads version 4: one event per alert, open and closed by its own fingerprint."""

    snippets = (Snippet("In alertmanager.yml, under receivers", _RECEIVER),)

    def read(self, post: Post, settings: Mapping[str, Any]) -> Sequence[Event]:
        """See ``alerts.ports.Reader``."""
        del settings
        body = strict_json.read(post.body)
        return [event_of(alert) for alert in alerts_of(body)]


def alerts_of(body: Any) -> list[Mapping[str, Any]]:
    """Return the alerts of a webhook's body.

    Raises:
        InvalidError: it is not one.
    """
    alerts = body.get("alerts") if isinstance(body, Mapping) else None
    if not isinstance(alerts, list) or not all(isinstance(each, Mapping) for each in alerts):
        raise InvalidError("This is no webhook of Alertmanager: it needs a list, alerts")
    if len(alerts) > MOST_ALERTS:
        raise InvalidError(f"More than {MOST_ALERTS} alerts in one post; set max_alerts")
    return alerts


def event_of(alert: Mapping[str, Any]) -> Event:
    """Return one alert as an event.

    Raises:
        InvalidError: a field is not what it has to be.
    """
    status = alert.get("status")
    if status not in {"firing", "resolved"}:
        raise InvalidError(f"An alert's status is {str(status)[:40]!r}, not firing or resolved")
    labels = payloads.pairs(alert.get("labels"), "labels")
    notes = payloads.pairs(alert.get("annotations"), "annotations")
    key = payloads.text(alert.get("fingerprint"), "fingerprint") or _fingerprint(labels)
    name = labels.get("alertname", "")
    where = labels.get("instance", "")
    named = f"{name} on {where}" if name and where else name
    return events.make(
        Action.RESOLVE if status == "resolved" else Action.TRIGGER,
        key,
        title=notes.get("summary") or notes.get("message") or notes.get("title") or named,
        severity=labels.get("severity", ""),
        service=labels.get("service", ""),
        started_at=payloads.moment(alert.get("startsAt"), "startsAt"),
        url=payloads.text(alert.get("generatorURL"), "generatorURL"),
        runbook_url=notes.get("runbook_url") or notes.get("runbook", ""),
        description=notes.get("description", ""),
        labels=labels,
    )


def _fingerprint(labels: Mapping[str, str]) -> str:
    text = json.dumps(sorted(labels.items()))
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]
