"""Addresses of the sample organisation."""

from django.urls import path

from watchkeeper.integrations.sample import views

app_name = "sample"
urlpatterns = [path("sample/clean", views.clean, name="clean")]
