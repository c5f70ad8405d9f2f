"""Pages and addresses that belong to no single capability."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from watchkeeper.home import queries
from watchkeeper.plumbing import metrics


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that the process lives."""
    del request
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether the product can do its work; 503 while it cannot."""
    del request
    checks = queries.readiness()
    is_ready = all(check.is_good for check in checks)
    body = {
        "ready": is_ready,
        "checks": {check.name: {"ok": check.is_good, "detail": check.detail} for check in checks},
    }
    return JsonResponse(body, status=200 if is_ready else 503)


@require_safe
def metrics_page(request: HttpRequest) -> HttpResponse:
    """Tell Prometheus how the product does."""
    del request
    return HttpResponse(metrics.exposition(), content_type=metrics.CONTENT_TYPE)
