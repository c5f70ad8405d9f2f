"""Addresses of the pages of the log."""

from django.urls import path

from watchkeeper.audit import views

app_name = "audit"
urlpatterns = [
    path("audit", views.log, name="log"),
    path("audit/verify", views.verify, name="verify"),
    path("audit/<int:number>", views.entry, name="entry"),
    path("audit.csv", views.log_csv, name="csv"),
]
