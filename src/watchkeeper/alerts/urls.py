"""Addresses of alerts."""

from django.urls import path

from watchkeeper.alerts.views import (
    acting,
    doors,
    inhibitions,
    integrations,
    pages,
    quarantine,
    route_editing,
    routes,
    silences,
)

app_name = "alerts"
urlpatterns = [
    path("in/<str:kind>/<str:key>", doors.enter, name="in"),
    path("alerts", pages.alert_list, name="list"),
    path("alerts/-/act", acting.act_on_many, name="act"),
    path("alerts/<str:alert>", pages.detail, name="detail"),
    path("alerts/<str:alert>/act", acting.act_on_one, name="act_one"),
    path("inhibitions/-/new", inhibitions.new, name="new_inhibition"),
    path("inhibitions/<str:name>/edit", inhibitions.edit, name="edit_inhibition"),
    path("inhibitions/<str:name>/remove", inhibitions.remove, name="remove_inhibition"),
    path("integrations", integrations.integration_list, name="integrations"),
    path("integrations/-/new", integrations.new, name="new_integration"),
    path("integrations/<str:name>", integrations.integration, name="integration"),
    path("integrations/<str:name>/edit", integrations.edit, name="edit_integration"),
    path("integrations/<str:name>/key", integrations.show_key, name="integration_key"),
    path("integrations/<str:name>/rotate", integrations.rotate, name="rotate_integration"),
    path("integrations/<str:name>/remove", integrations.remove, name="remove_integration"),
    path("quarantine", quarantine.quarantine_list, name="quarantine"),
    path("quarantine/<str:event>", quarantine.came, name="came"),
    path("routes", routes.route_list, name="routes"),
    path("routes/-/dry-run", routes.try_out, name="dry_run"),
    path("routes/-/new", route_editing.new, name="new_route"),
    path("routes/<str:name>/edit", route_editing.edit, name="edit_route"),
    path("routes/<str:name>/move", route_editing.move, name="move_route"),
    path("routes/<str:name>/remove", route_editing.remove, name="remove_route"),
    path("silences", silences.silences, name="silences"),
    path("silences/-/new", silences.new, name="new_silence"),
    path("silences/<str:name>/edit", silences.edit, name="edit_silence"),
    path("silences/<str:name>/end", silences.end, name="end_silence"),
    path("silences/<str:name>/remove", silences.remove, name="remove_silence"),
    path("v2/enqueue", doors.enter, name="pagerduty"),
    path("v2/change/enqueue", doors.enter, name="pagerduty_change"),
]
