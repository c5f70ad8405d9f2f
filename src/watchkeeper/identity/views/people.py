"""Pages of people."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from watchkeeper.identity import queries, usecases
from watchkeeper.identity.forms import ROLES, PersonForm
from watchkeeper.identity.queries import PersonRow
from watchkeeper.identity.views import shared
from watchkeeper.kernel import access, clock
from watchkeeper.kernel.access import Permission
from watchkeeper.kernel.actors import Actor
from watchkeeper.plumbing.pages import METHODS, members_only, saved
from watchkeeper.plumbing.rest import actor_of


@members_only
@require_safe
def people_list(request: HttpRequest) -> HttpResponse:
    """Show everybody; those who may no longer sign in last."""
    actor = actor_of(request)
    access.require(actor, Permission.READ, what="people")
    found = sorted(queries.people(), key=lambda person: (not person.is_active, person.name))
    context = {
        "people": found,
        "roles": {value: words.partition(":")[0] for value, words in ROLES},
        "may_change": access.may(actor, Permission.ADMINISTER),
    }
    return render(request, "identity/people.html", context)


@members_only
@require_http_methods(METHODS)
def new(request: HttpRequest) -> HttpResponse:
    """Add a person, and show the link by which they come in."""
    actor = actor_of(request)
    access.require(actor, Permission.ADMINISTER, what="people")
    form = PersonForm(request.POST if request.method == "POST" else None, is_new=True)
    if form.is_bound and form.is_valid():
        name = form.cleaned_data["name"].strip()
        made = saved(
            form,
            lambda: _created(
                actor, name, email=form.cleaned_data["email"], role=form.cleaned_data["role"]
            ),
        )
        if made is not None:
            return _linked(request, name)
    status = 422 if form.is_bound else 200
    return render(request, "identity/person_new.html", {"form": form}, status=status)


def _created(actor: Actor, name: str, *, email: str, role: str) -> int:
    """Make a person; refused first where the link that follows would be."""
    access.require_confirmed(actor, what="a sign-in link")
    return usecases.create_person(actor=actor, name=name, email=email, role=role, now=clock.now())


@members_only
@require_http_methods(METHODS)
def edit(request: HttpRequest, name: str) -> HttpResponse:
    """Change a person's address, role, or whether they may sign in."""
    actor = actor_of(request)
    access.require(actor, Permission.ADMINISTER, what="people")
    row = _found(name)
    initial = {"email": row.email, "role": row.role, "is_active": row.is_active}
    asked = request.POST if request.method == "POST" else None
    form = PersonForm(asked, initial=initial, is_new=False)
    if form.is_bound and form.is_valid():
        chosen = form.cleaned_data

        def save() -> bool:
            usecases.change_person(
                actor=actor,
                name=name,
                role=chosen["role"],
                email=chosen["email"],
                is_active=chosen["is_active"],
                now=clock.now(),
            )
            return True

        if saved(form, save):
            messages.success(request, _("Saved."))
            return redirect("identity:people")
    status = 422 if form.is_bound else 200
    context = {"row": row, "form": form}
    return render(request, "identity/person.html", context, status=status)


@members_only
@require_POST
def link(request: HttpRequest, name: str) -> HttpResponse:
    """Make a one-time link for a person; it is told on the answer to this and never again."""
    actor = actor_of(request)
    access.require(actor, Permission.ADMINISTER, what="people")
    _found(name)
    if not actor.is_confirmed:
        messages.info(request, _("Confirm that it is you, then make the link again."))
        place = {"next": reverse("identity:person", args=[name])}
        return redirect(f"{reverse('account_reauthenticate')}?{urlencode(place)}")
    return _linked(request, name)


def _linked(request: HttpRequest, name: str) -> HttpResponse:
    path = usecases.make_link(actor=actor_of(request), name=name, now=clock.now())
    context = {"name": name, "address": request.build_absolute_uri(path)}
    return shared.told_once(render(request, "identity/person_link.html", context))


def _found(name: str) -> PersonRow:
    row = queries.person_by_name(name)
    if row is None:
        raise usecases.PersonNotFoundError(f"There is no person {name}")
    return row
