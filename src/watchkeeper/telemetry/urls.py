"""Addresses of the pages of sources; ``-`` is no name, so a word hides nothing."""

from django.urls import path

from watchkeeper.telemetry.views import sources

app_name = "telemetry"
urlpatterns = [
    path("sources", sources.source_list, name="sources"),
    path("sources/-/new", sources.new, name="new_source"),
    path("sources/<str:name>", sources.source, name="source"),
    path("sources/<str:name>/datasource.yaml", sources.as_code, name="source_code"),
    path("sources/<str:name>/edit", sources.edit, name="edit_source"),
    path("sources/<str:name>/check", sources.check, name="check_source"),
    path("sources/<str:name>/remove", sources.remove, name="remove_source"),
]
