"""The page behind a one-time link."""

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from watchkeeper.identity import usecases
from watchkeeper.identity.forms import LinkForm
from watchkeeper.kernel import clock
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.plumbing.rest import actor_of


@require_http_methods(["GET", "POST"])
def link(request: HttpRequest, secret: str) -> HttpResponse:
    """Let somebody in by a one-time link; looking at it uses nothing up."""
    now = clock.now()
    found = usecases.link_of(secret, now=now)
    form = LinkForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = usecases.use_link(
                secret=secret,
                name=form.cleaned_data["name"].strip(),
                password=form.cleaned_data["password"],
                now=now,
                actor=actor_of(request),
            )
        except InvalidError as error:
            for problem in error.problems:
                field = problem.path if problem.path in form.fields else None
                form.add_error(field, problem.detail)
        else:
            if found.purpose == usecases.SIGN_IN:  # by way of the second factor, if there is one
                told = Login(user=user, redirect_url="/")
                credentials = {"username": user.name}
                answer: HttpResponse = perform_password_login(request, credentials, told)
                return answer
            login(request, user, backend="allauth.account.auth_backends.AuthenticationBackend")
            return redirect("/")
    context = {
        "form": form,
        "is_set_up": found.purpose == usecases.SET_UP,
        "person": found.user.name if found.user is not None else "",
    }
    status = 422 if form.is_bound else 200
    return render(request, "identity/link.html", context, status=status)
