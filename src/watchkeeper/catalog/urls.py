"""Addresses of the pages of services and journeys; ``-`` is no name, so a word hides nothing."""

from django.urls import path

from watchkeeper.catalog.views import journeys, services

app_name = "catalog"
urlpatterns = [
    path("services", services.service_list, name="services"),
    path("services/-/new", services.new, name="new_service"),
    path("services/-/findings", services.findings, name="findings"),
    path("services/<str:name>", services.service, name="service"),
    path("services/<str:name>/catalog-info.yaml", services.as_code, name="service_code"),
    path("services/<str:name>/edit", services.edit, name="edit_service"),
    path("services/<str:name>/take-over", services.take_over, name="take_over_service"),
    path("services/<str:name>/remove", services.remove, name="remove_service"),
    path("journeys", journeys.journey_list, name="journeys"),
    path("journeys/-/new", journeys.new, name="new_journey"),
    path("journeys/<str:name>", journeys.journey, name="journey"),
    path("journeys/<str:name>/journey.yaml", journeys.as_code, name="journey_code"),
    path("journeys/<str:name>/edit", journeys.edit, name="edit_journey"),
    path("journeys/<str:name>/take-over", journeys.take_over, name="take_over_journey"),
    path("journeys/<str:name>/remove", journeys.remove, name="remove_journey"),
]
