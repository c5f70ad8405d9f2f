"""Where log lines go and how they look: one shape for our own and for libraries', redacted."""

import logging
import sys
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, TextIO

import structlog

from watchkeeper.plumbing import redaction

_OWN = "watchkeeper"
_NOISY = {
    "django.request": logging.ERROR,  # our access log has told of refusals already
    "django.security": logging.ERROR,
    "httpx": logging.WARNING,
    "httpcore": logging.WARNING,
}


def configure(*, level: str, shape: str, stream: TextIO | None = None) -> None:
    """Write log lines to ``stream`` from now on.

    Args:
        level: ``debug``, ``info``, ``warning`` or ``error``; libraries speak from warning on.
        shape: ``text`` for people, ``json`` for machines.
        stream: Where to; standard error by default, so that commands' output stays clean.
    """
    _attach(logging.StreamHandler(stream or sys.stderr), level=level, shape=shape)


def to_file(path: Path | None, *, level: str = "info") -> None:
    """Write log lines to a file, or nowhere: for commands, whose user sees one line, no more."""
    handler: logging.Handler = logging.NullHandler()
    if path is not None:
        handler = logging.FileHandler(path, encoding="utf-8", delay=True)
    _attach(handler, level=level, shape="json")


def redact(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask secrets in one log line; a processor of structlog."""
    return {
        key: value if key.startswith("_") else redaction.cleaned_value(value, name=key)
        for key, value in event.items()
    }


def _attach(handler: logging.Handler, *, level: str, shape: str) -> None:
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _renderer(shape, handler),
            ],
        )
    )
    root = logging.getLogger()
    for other in [h for h in root.handlers if getattr(h, "is_ours", False)]:
        root.removeHandler(other)
        other.close()
    handler.is_ours = True  # type: ignore[attr-defined]
    root.addHandler(handler)
    logging.getLogger(_OWN).setLevel(level.upper())
    for name, threshold in _NOISY.items():
        logging.getLogger(name).setLevel(threshold)


def _renderer(shape: str, handler: logging.Handler) -> Any:
    if shape == "json":
        return structlog.processors.JSONRenderer()
    stream = getattr(handler, "stream", None)
    return structlog.dev.ConsoleRenderer(
        colors=bool(stream is not None and stream.isatty()),
        exception_formatter=structlog.dev.plain_traceback,
    )
