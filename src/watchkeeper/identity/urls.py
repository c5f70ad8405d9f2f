"""Addresses of identity; of allauth's, only those that are wanted."""

from allauth.account import views as account
from django.urls import include, path
from django.views.generic import RedirectView

from watchkeeper.identity import views

urlpatterns = [
    path("link/<str:secret>", views.link, name="identity_link"),
    path("account/login/", account.login, name="account_login"),
    path("account/logout/", account.logout, name="account_logout"),
    path("account/reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("account/password/change/", account.password_change, name="account_change_password"),
    # Nobody signs up alone; allauth still asks where one would.
    path(
        "account/signup/",
        RedirectView.as_view(pattern_name="account_login"),
        name="account_signup",
    ),
    path("account/2fa/", include("allauth.mfa.urls")),
]
