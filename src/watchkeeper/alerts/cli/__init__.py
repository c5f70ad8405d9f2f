"""Commands of alerts, integrations and silences."""

from watchkeeper.alerts.cli.alerts import alert_app
from watchkeeper.alerts.cli.integrations import integration_app
from watchkeeper.alerts.cli.silences import silence_app

__all__ = ["alert_app", "integration_app", "silence_app"]
