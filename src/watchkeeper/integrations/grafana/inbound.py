"""What Grafana posts to a webhook: unified alerting, and the alerting before it.

Sources: grafana.com/docs/grafana/latest/alerting/configure-notifications (webhook notifier);
the legacy body as Grafana 8 wrote it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from watchkeeper.alerts.domain import events, payloads
from watchkeeper.alerts.domain.events import Action, Event
from watchkeeper.alerts.ports import ADDRESS, Post, Snippet
from watchkeeper.integrations.alertmanager import inbound as alertmanager
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.plumbing import strict_json

_LEGACY = {
    "alerting": Action.TRIGGER,
    "no_data": Action.TRIGGER,
    "ok": Action.RESOLVE,
    "paused": Action.RESOLVE,
}


_CONTACT_POINT = f"""\
apiVersion: 1
contactPoints:
  - orgId: 1
    name: watchkeeper
    receivers:
      - uid: watchkeeper
        type: webhook
        settings:
          url: {ADDRESS}
          httpMethod: POST
"""


class GrafanaReader:
    """Reads both; the newer one is Alertmanager's body with more in it."""

    snippets = (
        Snippet("Alerting, Contact points, Webhook: URL, method POST", ADDRESS),
        Snippet("Or as a file in provisioning/alerting", _CONTACT_POINT),
    )

    def read(self, post: Post, settings: Mapping[str, Any]) -> Sequence[Event]:
        """See ``alerts.ports.Reader``."""
        del settings
        body = strict_json.read(post.body)
        if isinstance(body, Mapping) and "ruleId" in body and "alerts" not in body:
            return _legacy(body)
        return [_unified(alert) for alert in alertmanager.alerts_of(body)]


def _unified(alert: Mapping[str, Any]) -> Event:
    labels = payloads.pairs(alert.get("labels"), "labels")
    place = alert.get("panelURL") or alert.get("dashboardURL") or alert.get("generatorURL")
    return alertmanager.event_of({**alert, "labels": labels, "generatorURL": place})


def _legacy(body: Mapping[str, Any]) -> list[Event]:
    state = payloads.text(body.get("state"), "state")
    if state == "pending":
        return []
    if state not in _LEGACY:
        raise InvalidError(f"The state is {state[:40]!r}, not one that Grafana has")
    tags = payloads.pairs(body.get("tags"), "tags")
    name = payloads.text(body.get("ruleName"), "ruleName")
    rule = payloads.text(body.get("ruleId"), "ruleId")
    event = events.make(
        _LEGACY[state],
        f"{payloads.text(body.get('orgId'), 'orgId')}/{rule}",
        title=name or payloads.text(body.get("title"), "title"),
        severity=tags.get("severity", ""),
        service=tags.get("service", ""),
        url=payloads.text(body.get("ruleUrl"), "ruleUrl"),
        runbook_url=tags.get("runbook_url", ""),
        description=payloads.text(body.get("message"), "message"),
        labels=tags | {"alertname": name},
    )
    return [event]
