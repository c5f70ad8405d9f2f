"""Addresses of Opsgenie's Alert and Heartbeat APIs."""

from django.urls import path

from watchkeeper.alerts.views import doors
from watchkeeper.integrations.opsgenie import views

urlpatterns = [
    path("v2/alerts", doors.enter),
    path("v2/alerts/requests/<str:request_id>", views.request_status),
    path("v2/alerts/<path:identifier>/close", doors.enter),
    path("v2/alerts/<path:identifier>/acknowledge", doors.enter),
    path("v2/alerts/<path:identifier>/notes", doors.enter),
    path("v2/heartbeats/<str:name>/ping", doors.enter),
    path("v2/alerts/<path:identifier>", views.alert),
]
