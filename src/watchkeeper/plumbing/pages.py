"""What every page for members stands on: a door that sends strangers to sign in."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse

from watchkeeper.kernel.actors import ActorKind
from watchkeeper.plumbing.rest import actor_of

View = Callable[..., HttpResponseBase]


def members_only(view: View) -> View:
    """Let ``view`` answer members; anybody else is sent to sign in and comes back after it."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if actor_of(request).kind is ActorKind.ANONYMOUS:
            return redirect_to_login(request.get_full_path(), login_url=reverse("account_login"))
        return view(request, *args, **kwargs)

    return guarded
