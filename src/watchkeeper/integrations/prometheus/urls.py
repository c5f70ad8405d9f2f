"""Addresses of the first run."""

from django.urls import path

from watchkeeper.integrations.prometheus import views

app_name = "prometheus"
urlpatterns = [
    path("first-run", views.first_run, name="first_run"),
    path("first-run/<str:name>", views.services, name="services"),
    path("first-run/<str:name>/owners", views.owners, name="owners"),
    path("first-run/<str:name>/done", views.done, name="done"),
    path("first-run/<str:name>/openslo.yaml", views.as_code, name="code"),
]
