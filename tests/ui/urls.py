"""The addresses of the server that tests of the looks start."""

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template import engines
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


SIGN_IN = """{% extends "ui/alone.html" %}
{% block title %}Sign in{% endblock %}{% block heading %}Sign in{% endblock %}
{% block content %}<form class="wk-form" method="post" novalidate data-keep>{% csrf_token %}
{% include "ui/_error_summary.html" %}{% field form.name %}{% field form.password %}
<button type="submit" class="btn btn-primary">Sign in</button>
<p class="wk-or">or</p><a class="btn" href="/link/">{% icon "key" %}Use a sign-in link</a></form>
{% endblock %}
{% block foot %}No account? Ask someone who manages access.{% endblock %}"""
STEPS = """{% extends "ui/wizard.html" %}
{% block title %}Services{% endblock %}
{% block content %}<h1>Tick the services to protect</h1><p class="wk-wz-p">Found at prom-eu-1.</p>
<fieldset class="wk-wz-g"><legend><b>Seen by HTTP metrics</b> <span>1 of 1 ticked</span></legend>
<label class="wk-wz-r" for="w1"><input class="form-check-input" type="checkbox" id="w1" checked>
<span class="n"><b>checkout</b><small>6.7/s · 14 d of history</small></span>
<span class="o"><span class="wk-obj">99.9 % without error</span></span>
<span class="w">Held on 13 of 14 days.</span></label></fieldset>{% endblock %}
{% block aside %}<aside class="wk-wz-a" aria-label="Your choice"><div class="wk-card wk-wz-c">
<h2>Your choice</h2><p class="wk-wz-big"><span><b>1</b> service</span></p>
<button type="button" class="btn btn-primary">Make 1 SLO{% icon "arrow-right" %}</button>
</div></aside>{% endblock %}"""


class SignInForm(forms.Form):
    name = forms.CharField()
    password = forms.CharField(widget=forms.PasswordInput)


def sign_in(request: HttpRequest) -> HttpResponse:
    page = engines["django"].from_string(SIGN_IN)
    return HttpResponse(page.render({"form": SignInForm({"name": "alice"})}, request))


def steps(request: HttpRequest) -> HttpResponse:
    page = engines["django"].from_string(STEPS)
    places = [("Source", "past"), ("Services", "cur"), ("Owners", ""), ("Done", "")]
    return HttpResponse(page.render({"steps": places}, request))


def echo(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"<p>{request.method} accepted</p>")


def empty(request: HttpRequest) -> HttpResponse:
    return render(request, "ui/base.html")


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("broken on purpose")


home = ([path("search/", search, name="search"), path("", empty, name="overview")], "home")
urlpatterns = [
    path("broken/", broken),
    path("echo/", echo),
    path("sign-in/", sign_in),
    path("steps/", steps),
    path("", include(home)),
    path("", include("watchkeeper.ui.urls")),
]
handler404 = views.page_not_found
handler500 = views.server_error
