"""The kit of parts, and the pages that say what went wrong."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from watchkeeper.ui.domain import kit as examples
from watchkeeper.ui.forms import KitForm

_WORDS: dict[int, tuple[str, str, str]] = {
    400: (
        "This request cannot be understood",
        "Nothing was changed.",
        "Go back, reload the page and try again.",
    ),
    403: (
        "This is not allowed",
        "Nothing was changed; what you typed is still on the page before this one.",
        "Go back and reload that page. If you lack a right, ask someone who manages access.",
    ),
    404: (
        "There is no such page",
        "It may have been renamed or removed, or it is not yours to see.",
        "Look for it by name with Ctrl K on any screen.",
    ),
    500: (
        "Something in Watchkeeper failed",
        "What was measured and stored before is safe; measuring goes on without this page.",
        "Try again. If it fails again, give the request number to whoever runs this server.",
    ),
    503: (
        "Watchkeeper cannot answer now",
        "What was accepted before is safe, and nothing of this request was stored.",
        "Try again in some seconds.",
    ),
}


def kit(request: HttpRequest) -> HttpResponse:
    """Show every state and part, for those who build screens and for tests of the looks."""
    form = KitForm(data={"objective": "100", "budgeting": "o", "no_data": "ignore"})
    context = {**examples.everything(), "form": form, "trail": [("Settings", "#settings")]}
    return render(request, "ui/kit.html", context)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer what cannot be understood; Django's ``handler400``."""
    del exception
    return _told(request, 400)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer what may not be done; Django's ``handler403``."""
    del exception
    return _told(request, 403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose token is missing or old; ``CSRF_FAILURE_VIEW``."""
    del reason
    return _told(request, 403, error="The form was open too long, or was sent from elsewhere.")


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer for what is not there; Django's ``handler404``."""
    del exception
    return _told(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer for a fault of ours; Django's ``handler500``."""
    return _told(request, 500)


def unavailable(request: HttpRequest) -> HttpResponse:
    """Answer when nothing can be stored or read."""
    return _told(request, 503)


def _told(request: HttpRequest, status: int, **more: Any) -> HttpResponse:
    title, still, todo = _WORDS[status]
    context = {"status": status, "title": title, "still": still, "todo": todo, **more}
    return render(request, "ui/error.html", context, status=status)
