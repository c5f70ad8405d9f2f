"""Addresses of identity."""

from django.urls import include, path

from watchkeeper.identity import views

urlpatterns = [
    path("link/<str:secret>", views.link, name="identity_link"),
    path("account/", include("allauth.account.urls")),
    path("account/2fa/", include("allauth.mfa.urls")),
]
