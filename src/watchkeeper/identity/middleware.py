"""Who asks, and whether anybody may yet."""

from collections.abc import Callable

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from watchkeeper.identity import queries
from watchkeeper.identity.models import User
from watchkeeper.kernel import clock
from watchkeeper.kernel.actors import ANONYMOUS, Actor, ActorKind
from watchkeeper.kernel.errors import UnauthenticatedError, UnavailableError, WatchkeeperError
from watchkeeper.plumbing import limits, middleware


class ClosedSignUp(DefaultAccountAdapter):
    """Nobody makes an account alone; admins and links do."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Refuse, always."""
        del request
        return False


_ALWAYS = ("/healthz", "/readyz", "/metrics", "/link/", settings.STATIC_URL)
_BEARER = "bearer "

View = Callable[[HttpRequest], HttpResponse]


class ActorMiddleware:
    """Puts the actor on every request: by token on the API, by session on pages, never mixed."""

    def __init__(self, get_response: View) -> None:
        self._get_response = get_response
        self._is_set_up = False

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer ``request``, or say why nobody is let in yet."""
        try:
            actor = self._actor(request)
        except WatchkeeperError as error:
            return middleware.error_answer(request, error)
        request.actor = actor  # type: ignore[attr-defined]
        if actor.kind is ActorKind.ANONYMOUS and not self._may_come(request):
            return self._closed(request)
        return self._get_response(request)

    def _actor(self, request: HttpRequest) -> Actor:
        preset = getattr(request, "actor", None)
        if isinstance(preset, Actor):  # made in this process; it cannot come over a network
            return preset
        now = clock.now()
        conf = settings.WATCHKEEPER
        request_id = getattr(request, "request_id", "")
        address = getattr(request, "client_address", "")
        if address:
            limits.check(f"address:{address}", limit=conf.address_rate_limit, now=now)
        if not request.path.startswith("/api/"):
            user = request.user
            if isinstance(user, User) and user.is_active:
                return queries.actor_of_user(
                    user, via="web", request_id=request_id, address=address
                )
            return ANONYMOUS
        header = request.headers.get("Authorization", "")
        if not header.lower().startswith(_BEARER):
            return ANONYMOUS
        secret = header[len(_BEARER) :].strip()
        actor = queries.actor_of_token(secret, now=now, request_id=request_id, address=address)
        if actor is None:
            raise UnauthenticatedError("The token is unknown, expired or revoked")
        limits.check(f"token:{actor.id}", limit=conf.token_rate_limit, now=now)
        return actor

    def _may_come(self, request: HttpRequest) -> bool:
        """Return whether a stranger may see this; until set-up, next to nothing."""
        if request.path.startswith(_ALWAYS):
            return True
        if not self._is_set_up:
            self._is_set_up = queries.is_set_up()
        return self._is_set_up

    def _closed(self, request: HttpRequest) -> HttpResponse:
        message = "Set-up is not done yet: open the link that the server printed when it started"
        if request.path.startswith("/api/"):
            return middleware.error_answer(request, UnavailableError(message))
        return render(request, "identity/closed.html", status=503)
