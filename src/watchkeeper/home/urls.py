"""Addresses of home."""

from django.urls import path

from watchkeeper.home.views import health, overview, search, settings

app_name = "home"
urlpatterns = [
    path("", overview.overview, name="overview"),
    path("search", search.search, name="search"),
    path("settings", settings.settings, name="settings"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics_page, name="metrics"),
]
