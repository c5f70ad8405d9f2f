"""Every address of the product."""

from django.urls import URLPattern, URLResolver, include, path

from watchkeeper.config.api import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", api.urls),
    path("", include("watchkeeper.home.urls")),
    path("", include("watchkeeper.alerts.urls")),
    path("", include("watchkeeper.integrations.opsgenie.urls")),
    path("", include("watchkeeper.integrations.slack.urls")),
    path("", include("watchkeeper.integrations.twilio.urls")),
    path("", include("watchkeeper.slos.urls")),
    path("", include("watchkeeper.oncall.urls")),
    path("", include("watchkeeper.notifications.urls")),
    path("", include("watchkeeper.changes.urls")),
    path("", include("watchkeeper.catalog.urls")),
    path("", include("watchkeeper.telemetry.urls")),
    path("", include("watchkeeper.identity.urls")),
    path("", include("watchkeeper.audit.urls")),
    path("", include("watchkeeper.integrations.prometheus.urls")),
    path("", include("watchkeeper.integrations.sample.urls")),
    path("", include("watchkeeper.ui.urls")),
]
handler400 = "watchkeeper.ui.views.bad_request"
handler403 = "watchkeeper.ui.views.permission_denied"
handler404 = "watchkeeper.ui.views.page_not_found"
handler500 = "watchkeeper.plumbing.middleware.server_error"
