"""Addresses of identity; of allauth's, only those that are wanted."""

from allauth.account import views as account
from django.urls import include, path
from django.views.generic import RedirectView

from watchkeeper.identity.views import links, people, tokens

pages = [
    path("people", people.people_list, name="people"),
    path("people/-/new", people.new, name="new_person"),
    path("people/<str:name>", people.edit, name="person"),
    path("people/<str:name>/link", people.link, name="person_link"),
    path("tokens", tokens.token_list, name="tokens"),
    path("tokens/-/new", tokens.new, name="new_token"),
    path("tokens/<str:name>/revoke", tokens.revoke, name="revoke_token"),
]
urlpatterns = [
    path("", include((pages, "identity"))),
    path("link/<str:secret>", links.link, name="identity_link"),
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
