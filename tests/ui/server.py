"""A real server for browser tests, with as little around the pages as they need."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.test import override_settings

from watchkeeper.kernel.actors import Actor, ActorKind, Role

MIDDLEWARE = [
    "csp.middleware.CSPMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "tests.ui.server.AliceMiddleware",
]
CONTEXT_PROCESSORS = [
    "django.template.context_processors.request",
    "watchkeeper.ui.context.shell",
]


class AliceMiddleware:
    """Signs alice in, without a database."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = Actor(kind=ActorKind.USER, id=1, role=Role.ADMIN, label="Alice Okoye")  # type: ignore[attr-defined]
        request.zone_name = "Europe/Oslo"  # type: ignore[attr-defined]
        request.request_id = "01JCX4R2K7"  # type: ignore[attr-defined]
        return self._get_response(request)


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        del format, args


class _Server(WSGIServer):
    daemon_threads = True


@contextmanager
def served(urlconf: str = "tests.ui.urls") -> Iterator[str]:
    """Serve ``urlconf`` on a free port of loopback and yield the address."""
    templates = {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": CONTEXT_PROCESSORS,
            "builtins": ["watchkeeper.ui.templatetags.wk"],
        },
    }
    with override_settings(ROOT_URLCONF=urlconf, MIDDLEWARE=MIDDLEWARE, TEMPLATES=[templates]):
        handler = StaticFilesHandler(WSGIHandler())
        server = make_server("127.0.0.1", 0, handler, _Server, _Quiet)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
