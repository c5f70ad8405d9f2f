"""Commands of alerts, integrations, silences and inhibitions."""

from watchkeeper.alerts.cli.alerts import alert_app
from watchkeeper.alerts.cli.inhibitions import inhibition_app
from watchkeeper.alerts.cli.integrations import integration_app
from watchkeeper.alerts.cli.silences import silence_app

__all__ = ["alert_app", "inhibition_app", "integration_app", "silence_app"]
