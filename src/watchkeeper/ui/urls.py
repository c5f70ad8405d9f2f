"""Addresses of the design system itself."""

from django.urls import path

from watchkeeper.ui import views

app_name = "ui"
urlpatterns = [
    path("kit/", views.kit, name="kit"),
]
