"""What pages of people and of tokens share."""

from collections.abc import Callable
from typing import TypeVar

from django.forms import Form
from django.http import HttpResponse

from watchkeeper.kernel.errors import ConflictError, InvalidError

METHODS = ["GET", "HEAD", "POST"]
T = TypeVar("T")


def saved(form: Form, save: Callable[[], T]) -> T | None:
    """Return what ``save`` gives, or ``None``; what is wrong is said beside what was typed."""
    try:
        return save()
    except InvalidError as error:
        for problem in error.problems:
            field = problem.path if problem.path in form.fields else None
            form.add_error(field, problem.detail)
        if not error.problems:
            form.add_error(None, str(error))
    except ConflictError as error:
        form.add_error(None, str(error))
    return None


def told_once(response: HttpResponse) -> HttpResponse:
    """Return a page that holds a secret, so that nothing on the way keeps it."""
    response["Cache-Control"] = "no-store"
    return response
