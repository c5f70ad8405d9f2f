"""The API with telemetry alone, so that its door is tested without the slices above."""

from django.urls import path
from ninja import NinjaAPI

from watchkeeper.plumbing import rest
from watchkeeper.telemetry.api import router

api = NinjaAPI(urls_namespace="telemetry-tests", auth=rest.signed_in)
rest.install(api)
api.add_router("", router)
urlpatterns = [path("api/v1/", api.urls)]
