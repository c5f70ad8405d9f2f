"""What pages for members stand on: a door that sends strangers to sign in, forms that are kept."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.contrib.auth.views import redirect_to_login
from django.forms import Form
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse

from watchkeeper.kernel.access import ConfirmationNeededError
from watchkeeper.kernel.actors import ActorKind
from watchkeeper.kernel.errors import ConflictError, InvalidError
from watchkeeper.plumbing.rest import actor_of

METHODS = ["GET", "HEAD", "POST"]
View = Callable[..., HttpResponseBase]
T = TypeVar("T")


def members_only(view: View) -> View:
    """Let ``view`` answer members; anybody else is sent to sign in and comes back after it."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if actor_of(request).kind is ActorKind.ANONYMOUS:
            return redirect_to_login(request.get_full_path(), login_url=reverse("account_login"))
        return view(request, *args, **kwargs)

    return guarded


def saved(
    form: Form, save: Callable[[], T], *, field_of: Callable[[str], str] = lambda path: path
) -> T | None:
    """Return what ``save`` gives, or ``None``; what is wrong is said beside what was typed.

    Args:
        form: A valid form.
        save: Calls the use-case.
        field_of: Turns the path of a problem into the name of a field.
    """
    try:
        return save()
    except InvalidError as error:
        for problem in error.problems:
            field = field_of(problem.path)
            form.add_error(field if field in form.fields else None, problem.detail)
        if not error.problems:
            form.add_error(None, error.message)
    except (ConflictError, ConfirmationNeededError) as error:
        form.add_error(None, error.message)
    return None
