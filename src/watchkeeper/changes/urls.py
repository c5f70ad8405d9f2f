"""Addresses of the pages of changes; ``-`` is no name, so a word hides nothing."""

from django.urls import path

from watchkeeper.changes.views import events, maintenance

app_name = "changes"
urlpatterns = [
    path("changes", events.changes, name="changes"),
    path("maintenance", maintenance.windows, name="maintenance"),
    path("maintenance/-/new", maintenance.new, name="new_maintenance"),
    path("maintenance/<str:name>/edit", maintenance.edit, name="edit_maintenance"),
    path("maintenance/<str:name>/end", maintenance.end, name="end_maintenance"),
    path("maintenance/<str:name>/remove", maintenance.remove, name="remove_maintenance"),
]
