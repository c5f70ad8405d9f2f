"""What the palette asks."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from watchkeeper.home import queries
from watchkeeper.home.queries import Hit
from watchkeeper.kernel.access import Permission, may
from watchkeeper.kernel.actors import Actor
from watchkeeper.plumbing.pages import members_only
from watchkeeper.plumbing.rest import actor_of
from watchkeeper.slos import queries as slos
from watchkeeper.ui.context import FIRST_RUN, address

_FORMS = (
    ("New SLO", "slos:new", Permission.EDIT),
    ("New escalation policy", "oncall:new_policy", Permission.EDIT),
    ("New route", "alerts:new_route", Permission.ADMINISTER),
    ("New service", "catalog:new_service", Permission.EDIT),
    ("New journey", "catalog:new_journey", Permission.EDIT),
    ("Discover SLOs in a Prometheus server", FIRST_RUN, Permission.ADMINISTER),
    ("Connect a new source", "telemetry:new_source", Permission.ADMINISTER),
    ("New team", "identity:new_team", Permission.ADMINISTER),
    ("Add a new person", "identity:new_person", Permission.ADMINISTER),
    ("New token", "identity:new_token", Permission.ADMINISTER),
)
"""What may be begun from anywhere: words, the name of its page, what it takes."""
_VERBS = (
    ("exclude", "Exclude time from", "slos:exclude"),
    ("edit", "Edit", "slos:edit"),
)


@members_only
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Answer what was typed with things of that name."""
    text = request.GET.get("q", "")[:200]
    deeds = _deeds(text, actor_of(request))
    found = [
        {"label": hit.label, "note": hit.note, "url": _url(hit)} for hit in queries.find(text)
    ]
    return JsonResponse({"results": [*deeds, *found]})


def _deeds(text: str, actor: Actor) -> list[dict[str, str]]:
    """Return what the one who asks may do that has every word of ``text``, or begins with a verb.

    ``new slo`` finds the form; ``exclude checkout`` the forms for the SLOs of that name.
    """
    words = text.lower().split()
    if not words:
        return []
    some = any(may(actor, Permission.EDIT, team_id=team) for team in actor.team_roles)
    found = [
        _deed(label, url)
        for label, name, permission in _FORMS
        if all(word in label.lower() for word in words)
        and (may(actor, permission) or (some and permission is Permission.EDIT))
        and (url := address(name))
    ]
    for verb, label, name in _VERBS:
        if len(words) > 1 and words[0] == verb:
            found += _on_slos(" ".join(words[1:]), label, name, actor)
    return found


def _on_slos(text: str, label: str, name: str, actor: Actor) -> list[dict[str, str]]:
    owners = {slo.name: slo.owner_id for slo in slos.slo_rows()}
    return [
        _deed(f"{label} {hit.name}", reverse(name, args=[hit.name]))
        for hit in queries.find(text)
        if hit.kind == "slo" and may(actor, Permission.EDIT, team_id=owners.get(hit.name))
    ]


def _deed(label: str, url: str) -> dict[str, str]:
    return {"label": label, "note": "do", "url": url}


def _url(hit: Hit) -> str:
    """Return the page of a hit; services and teams without one of their own show their SLOs."""
    if hit.kind == "slo":
        return reverse("slos:detail", args=[hit.name])
    pages = {"service": "catalog:service", "team": "identity:team", "source": "telemetry:source"}
    own = address(pages[hit.kind], hit.name)
    return own or f"{reverse('slos:list')}?{urlencode({hit.kind: hit.name})}"
