"""Who asks, and whether anybody may yet."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from watchkeeper.identity import forms, queries, usecases
from watchkeeper.identity.domain import sessions
from watchkeeper.identity.models import User
from watchkeeper.kernel import clock
from watchkeeper.kernel.actors import ANONYMOUS, Actor, ActorKind
from watchkeeper.kernel.errors import UnauthenticatedError, UnavailableError, WatchkeeperError
from watchkeeper.plumbing import limits, middleware, secret_box

logger = structlog.get_logger("watchkeeper.identity")

SESSION_ID = "wk_session"
CONFIRM_FIELD = "confirm_person"
_ALWAYS = ("/healthz", "/readyz", "/metrics", "/link/", settings.STATIC_URL)
_BEARER = "bearer "
_KNOWN_ACCOUNTS = 5
_DEVICE_SECONDS = 365 * 24 * 3600
_TOO_MANY = 429

View = Callable[[HttpRequest], HttpResponse]


class AccountAdapter(DefaultAccountAdapter):
    """How the sign-in library lets people in: nobody makes an account alone, guessers wait."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Refuse, always; admins and links make accounts."""
        del request
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """Return the user whose password it is and who may sign in; every other case is alike."""
        login = str(credentials.get("username") or credentials.get("email") or "")
        attempt = forms.begin_attempt(request, what="password", login=login)
        user = super().authenticate(request, **credentials)
        if user is None or not user.is_active:
            return None
        usecases.attempt_succeeded(attempt)
        return user


class SecondFactorAdapter(DefaultMFAAdapter):
    """Keeps the secrets of second factors sealed; the key lies outside the database."""

    CONTEXT = "second factor"

    def encrypt(self, text: str) -> str:
        """Return ``text`` sealed."""
        return secret_box.seal(text, context=self.CONTEXT)

    def decrypt(self, encrypted_text: str) -> str:
        """Return what was sealed."""
        return secret_box.open_sealed(encrypted_text, context=self.CONTEXT)


def reseal_second_factors() -> int:
    """Seal second factors with the newest key; for ``secret_box.register_keeper``."""
    return usecases.reseal_second_factors(context=SecondFactorAdapter.CONTEXT)


def note_sign_in(*, request: HttpRequest, user: User, **rest: object) -> None:
    """Begin a session of our own at a sign-in; for Django's signal ``user_logged_in``."""
    del rest
    request.session[SESSION_ID] = usecases.begin_session(
        user=user,
        address=str(getattr(request, "client_address", "")),
        browser=request.headers.get("User-Agent", ""),
        now=clock.now(),
    )
    request.signed_in = user.pk  # type: ignore[attr-defined]


def note_sign_out(*, request: HttpRequest, user: User | None, **rest: object) -> None:
    """End the session at a sign-out; for Django's signal ``user_logged_out``."""
    del rest
    number = request.session.get(SESSION_ID)
    if user is not None and number is not None:
        usecases.forget_session(session_id=number, user_id=user.pk)


def note_confirmation(*, request: HttpRequest, user: User, **rest: object) -> None:
    """Note a password or code given again; for allauth's ``authentication_step_completed``."""
    if rest.get("reauthenticated") and request.user.is_authenticated:
        number = request.session.get(SESSION_ID, 0)
        usecases.confirm_session(session_id=number, user_id=user.pk, now=clock.now())


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
        response = self._get_response(request)
        _tell_wait(request, response)
        _tell_device(request, response)
        return response

    def process_view(self, request: HttpRequest, *view: object) -> None:
        """Take the proof that came with a form, once the form is known to be ours."""
        del view
        given = request.method == "POST" and not request.path.startswith("/api/")
        actor = getattr(request, "actor", ANONYMOUS)
        if not given or actor.is_confirmed or not isinstance(request.user, User):
            return
        proof = request.POST.get(CONFIRM_FIELD, "")
        if not proof:
            return
        fault = _fault_of(request, request.user, proof)
        if fault:
            request.confirm_fault = fault  # type: ignore[attr-defined]
        else:
            request.actor = replace(actor, is_confirmed=True)  # type: ignore[attr-defined]

    def _actor(self, request: HttpRequest) -> Actor:
        preset = getattr(request, "actor", None)
        if isinstance(preset, Actor):  # made in this process; it cannot come over a network
            return preset
        now = clock.now()
        conf = settings.WATCHKEEPER
        request_id = getattr(request, "request_id", "")
        address = getattr(request, "client_address", "")
        if address:
            caller = replace(ANONYMOUS, address=address, request_id=request_id, via="web")
            _limit(f"address:{address}", caller, limit=conf.address_rate_limit)
        if not request.path.startswith("/api/"):
            return _person(request, request_id=request_id, address=address)
        header = request.headers.get("Authorization", "")
        if not header.lower().startswith(_BEARER):
            return ANONYMOUS
        secret = header[len(_BEARER) :].strip()
        actor = queries.actor_of_token(secret, now=now, request_id=request_id, address=address)
        if actor is None:
            raise UnauthenticatedError("The token is unknown, expired or revoked")
        _limit(f"token:{actor.id}", actor, limit=conf.token_rate_limit)
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


def _limit(key: str, actor: Actor, *, limit: int) -> None:
    """Count one more of ``actor``; whoever comes too often is refused, and that is written down.

    Raises:
        OverLimitError: with the seconds until the next minute.
    """
    now = clock.now()
    try:
        limits.check(key, limit=limit, now=now)
    except limits.OverLimitError as error:
        if error.newly_told:
            try:
                usecases.note_limit(actor=actor, refused=error.newly_told, now=now)
            except DatabaseError:  # the refusal stands, and the metric has counted it
                logger.warning("limit not written down", key=key, exc_info=True)
        raise


def _person(request: HttpRequest, *, request_id: str, address: str) -> Actor:
    """Return who is signed in by a session that still holds; one that is over is ended."""
    user, now = request.user, clock.now()
    if not isinstance(user, User) or not user.is_active:
        return ANONYMOUS
    number = request.session.get(SESSION_ID, 0)
    held = usecases.live_session(session_id=number, user_id=user.pk, now=now)
    if held is None:
        request.session.flush()
        request.user = AnonymousUser()
        return ANONYMOUS
    return queries.actor_of_user(
        user,
        via="web",
        request_id=request_id,
        address=address,
        is_confirmed=sessions.is_confirmed(held.confirmed_at, now=now),
    )


def _fault_of(request: HttpRequest, user: User, proof: str) -> str:
    """Return what is wrong with a password or code given again; empty: it is right."""
    try:
        if forms.is_code(proof) and forms.matching_code(request, user, proof) is not None:
            method = "mfa"
        elif AccountAdapter(request).reauthenticate(user, proof):
            method = "password"
        else:
            return "This is neither your password nor a code that opens"
    except ValidationError as error:
        return " ".join(error.messages)
    record_authentication(request, user, method, reauthenticated=True)
    return ""


def _tell_wait(request: HttpRequest, response: HttpResponse) -> None:
    """Give the answer to a guesser the status and the header that say how long to wait."""
    seconds = getattr(request, "wait_seconds", None)
    if seconds is not None:
        response.status_code = _TOO_MANY
        response["Retry-After"] = str(seconds)


def _tell_device(request: HttpRequest, response: HttpResponse) -> None:
    """Let the browser that somebody signed in with be known again."""
    user_id = getattr(request, "signed_in", None)
    if user_id is None:
        return
    name = settings.WATCHKEEPER_DEVICE_COOKIE
    known = queries.devices_in(request.COOKIES.get(name, ""))
    number = known.pop(str(user_id), "") or secrets.token_hex(8)
    known = dict(list(known.items())[1 - _KNOWN_ACCOUNTS :]) | {str(user_id): number}
    response.set_cookie(
        name,
        queries.device_cookie(known),
        max_age=_DEVICE_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
