"""The addresses of the server that tests of the looks start."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import include, path

from watchkeeper.ui import views
from watchkeeper.ui.domain.navigation import NavigationItem, registry

registry.add(
    NavigationItem("Settings", "States and parts", "ui:kit", "adjustments-horizontal", quick=True),
    NavigationItem("Watch", "Gone", "nowhere:list", "target"),
)


def search(request: HttpRequest) -> HttpResponse:
    asked = request.GET.get("q", "")
    found = [{"label": f"{asked}-service", "note": "service", "url": "/kit/?found"}]
    return JsonResponse({"results": found if asked.startswith("check") else []})


def echo(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{request.method} accepted")


def empty(request: HttpRequest) -> HttpResponse:
    return render(request, "ui/base.html")


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("broken on purpose")


home = ([path("search/", search, name="search"), path("", empty, name="overview")], "home")
urlpatterns = [
    path("broken/", broken),
    path("echo/", echo),
    path("", include(home)),
    path("", include("watchkeeper.ui.urls")),
]
handler404 = views.page_not_found
handler500 = views.server_error
