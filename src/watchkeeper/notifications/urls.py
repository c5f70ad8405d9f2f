"""Addresses of the pages of contacts; ``-`` is no name, so a word hides nothing."""

from django.urls import path

from watchkeeper.notifications.views import contacts as views
from watchkeeper.notifications.views import deliveries

app_name = "notifications"
_PERSON = "people/<str:name>/contacts"
urlpatterns = [
    path("contacts", views.mine, name="mine"),
    path("deliveries", deliveries.deliveries, name="deliveries"),
    path(_PERSON, views.contacts, name="contacts"),
    path(f"{_PERSON}/-/new", views.new, name="new"),
    path(f"{_PERSON}/<str:contact>/edit", views.edit, name="edit"),
    path(f"{_PERSON}/<str:contact>/remove", views.remove, name="remove"),
    path(f"{_PERSON}/<str:contact>/test", views.test, name="test"),
    path(f"{_PERSON}/<str:contact>/code", views.code, name="code"),
    path(f"{_PERSON}/<str:contact>/verify", views.verify, name="verify"),
    path(f"{_PERSON}/<str:contact>/secret", views.secret, name="secret"),
]
