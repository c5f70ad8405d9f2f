"""Addresses of alerts."""

from django.urls import path

from watchkeeper.alerts.views import acting, doors, pages

app_name = "alerts"
urlpatterns = [
    path("in/<str:kind>/<str:key>", doors.enter, name="in"),
    path("alerts", pages.alert_list, name="list"),
    path("alerts/-/act", acting.act_on_many, name="act"),
    path("alerts/<str:alert>", pages.detail, name="detail"),
    path("alerts/<str:alert>/act", acting.act_on_one, name="act_one"),
    path("v2/enqueue", doors.enter, name="pagerduty"),
]
