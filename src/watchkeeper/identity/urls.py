"""Addresses of identity; of allauth's, only those that are wanted."""

from allauth.account import views as allauth
from django.urls import include, path
from django.views.generic import RedirectView

from watchkeeper.identity.views import account, links, people, teams, tokens

pages = [
    path("people", people.people_list, name="people"),
    path("people/-/new", people.new, name="new_person"),
    path("people/<str:name>", people.edit, name="person"),
    path("people/<str:name>/link", people.link, name="person_link"),
    path("teams", teams.team_list, name="teams"),
    path("teams/-/new", teams.new, name="new_team"),
    path("teams/<str:name>", teams.team, name="team"),
    path("teams/<str:name>/edit", teams.edit, name="edit_team"),
    path("teams/<str:name>/take-over", teams.take_over, name="take_over_team"),
    path("teams/<str:name>/members", teams.put_member, name="put_member"),
    path(
        "teams/<str:name>/members/<str:person>/remove", teams.remove_member, name="remove_member"
    ),
    path("teams/<str:name>/remove", teams.remove, name="remove_team"),
    path("account", account.account, name="account"),
    path("account/sessions/end", account.end_sessions, name="end_sessions"),
    path("tokens", tokens.token_list, name="tokens"),
    path("tokens/-/new", tokens.new, name="new_token"),
    path("tokens/<str:name>/revoke", tokens.revoke, name="revoke_token"),
]
urlpatterns = [
    path("", include((pages, "identity"))),
    path("link/<str:secret>", links.link, name="identity_link"),
    path("account/login/", allauth.login, name="account_login"),
    path("account/logout/", allauth.logout, name="account_logout"),
    path("account/reauthenticate/", allauth.reauthenticate, name="account_reauthenticate"),
    path("account/password/change/", allauth.password_change, name="account_change_password"),
    # Nobody signs up alone; allauth still asks where one would.
    path(
        "account/signup/",
        RedirectView.as_view(pattern_name="account_login"),
        name="account_signup",
    ),
    path("account/2fa/", include("allauth.mfa.urls")),
]
