"""The REST API: every slice's router under ``/api/v1``."""

from ninja import NinjaAPI

from watchkeeper import __version__
from watchkeeper.alerts.api.alerts import router as alerts
from watchkeeper.alerts.api.rules import router as alert_rules
from watchkeeper.audit.api import router as audit
from watchkeeper.catalog.api import router as catalog
from watchkeeper.changes.api import router as changes
from watchkeeper.identity.api import router as identity
from watchkeeper.integrations.sample.api import router as sample
from watchkeeper.manifests.api import router as manifests
from watchkeeper.notifications.api import router as notifications
from watchkeeper.oncall.api import router as oncall
from watchkeeper.plumbing import rest
from watchkeeper.slos.api import router as slos
from watchkeeper.telemetry.api import router as telemetry

api = NinjaAPI(
    title="Watchkeeper",
    version=__version__,
    description="What the web can do, this can do, with the same rules and the same words.",
    docs_url=None,
    urls_namespace="api",
    auth=rest.signed_in,
)
rest.install(api)
for router in (
    manifests,
    alerts,
    alert_rules,
    slos,
    oncall,
    notifications,
    changes,
    telemetry,
    catalog,
    identity,
    audit,
    sample,
):
    api.add_router("", router)
