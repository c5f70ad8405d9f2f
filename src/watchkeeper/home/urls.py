"""Addresses of home."""

from django.urls import path

from watchkeeper.home import views

app_name = "home"
urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", views.metrics_page, name="metrics"),
]
