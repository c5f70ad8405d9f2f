"""Answers a repeated POST as the first one was answered, when both carry an Idempotency-Key.

What the request did and what it was answered are one transaction: either both are there or
neither, also after a crash, so a client may send again until it has an answer. Only good answers
are kept; after a refusal nothing was stored and the repeat is judged anew.
"""

import datetime as dt
import hashlib
import re
from collections.abc import Callable

import structlog
from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponse

from watchkeeper.kernel import clock
from watchkeeper.kernel.actors import Actor, ActorKind
from watchkeeper.kernel.errors import InvalidError, Problem, UnavailableError
from watchkeeper.plumbing import rest, secret_box
from watchkeeper.plumbing.models import IdempotentAnswer

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEPT = dt.timedelta(hours=24)
_KEY = re.compile(r"[\x21-\x7e]{1,200}\Z")

logger = structlog.get_logger(__name__)


class IdempotencyMiddleware:
    """Stands behind the middleware that knows the actor: keys are each actor's own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer ``request``, or answer it again."""
        key = request.headers.get(HEADER)
        actor = rest.actor_of(request)
        if (
            key is None
            or request.method != "POST"
            or not request.path.startswith("/api/")
            or actor.kind is ActorKind.ANONYMOUS
        ):
            return self._get_response(request)
        if not _KEY.match(key):
            problem = Problem("1 to 200 visible ASCII characters", path=HEADER)
            return rest.answer(
                InvalidError("The idempotency key is not valid", [problem]), request
            )
        try:
            return self._once(request, key, actor)
        except DatabaseError as error:
            logger.error("database unavailable", exc_info=error)  # noqa: TRY400  not a bug of ours
            message = "The database cannot be reached; send this again"
            return rest.answer(UnavailableError(message), request)

    def _once(self, request: HttpRequest, key: str, actor: Actor) -> HttpResponse:
        owner = f"{actor.kind.value}:{actor.id}"
        now = clock.now()
        with transaction.atomic():
            IdempotentAnswer.objects.filter(
                actor=owner, key=key, created_at__lte=now - KEPT
            ).delete()
            # On PostgreSQL this waits for a twin that is being worked on; SQLite has one writer.
            row, is_new = IdempotentAnswer.objects.get_or_create(
                actor=owner,
                key=key,
                defaults={"fingerprint": _fingerprint(request), "created_at": now},
            )
            if not is_new:
                return _again(row, request)
            response = self._get_response(request)
            if not 200 <= response.status_code < 300 or response.streaming:
                transaction.set_rollback(True)
                return response
            row.status = response.status_code
            row.content_type = response.get("Content-Type", "")
            row.sealed_body = secret_box.seal_bytes(response.content, context=_context(row))
            row.save()
        return response


def purge(*, now: dt.datetime) -> int:
    """Forget answers that are a day old and return how many."""
    forgotten, _ = IdempotentAnswer.objects.filter(created_at__lte=now - KEPT).delete()
    return forgotten


def _again(row: IdempotentAnswer, request: HttpRequest) -> HttpResponse:
    if row.fingerprint != _fingerprint(request):
        message = "This idempotency key was used for another request; take a new key"
        return rest.answer(InvalidError(message, [Problem(message, path=HEADER)]), request)
    content = secret_box.open_bytes(row.sealed_body, context=_context(row))
    response = HttpResponse(content, status=row.status, content_type=row.content_type or None)
    response[REPLAYED] = "true"
    return response


def _context(row: IdempotentAnswer) -> str:
    return f"answer {row.actor} {row.key}"


def _fingerprint(request: HttpRequest) -> str:
    digest = hashlib.sha256()
    for part in (request.method or "", request.get_full_path(), request.content_type or ""):
        digest.update(part.encode(errors="replace") + b"\0")
    digest.update(request.body)
    return digest.hexdigest()
