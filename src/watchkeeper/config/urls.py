"""Every address of the product."""

from django.urls import URLPattern, URLResolver, include, path

from watchkeeper.config.api import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", api.urls),
    path("", include("watchkeeper.home.urls")),
    path("", include("watchkeeper.identity.urls")),
    path("", include("watchkeeper.ui.urls")),
]
