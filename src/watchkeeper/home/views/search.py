"""What the palette asks."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from watchkeeper.home import queries
from watchkeeper.home.queries import Hit
from watchkeeper.plumbing.pages import members_only
from watchkeeper.ui.context import address


@members_only
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Answer what was typed with things of that name."""
    found = queries.find(request.GET.get("q", "")[:200])
    results = [{"label": hit.label, "note": hit.note, "url": _url(hit)} for hit in found]
    return JsonResponse({"results": results})


def _url(hit: Hit) -> str:
    """Return the page of a hit; services and teams without one of their own show their SLOs."""
    if hit.kind == "slo":
        return reverse("slos:detail", args=[hit.name])
    pages = {"service": "catalog:service", "team": "identity:team", "source": "telemetry:source"}
    own = address(pages[hit.kind], hit.name)
    return own or f"{reverse('slos:list')}?{urlencode({hit.kind: hit.name})}"
