"""The screen behind the link of a page: what burns, and one button, without signing in.

Reading it changes nothing, however often programs that look into mails follow the link.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from watchkeeper.kernel import clock
from watchkeeper.kernel.errors import ConflictError
from watchkeeper.notifications.usecases import links as signed
from watchkeeper.oncall.queries import links as queries
from watchkeeper.oncall.usecases import links
from watchkeeper.oncall.usecases.links import Answer, FormExpiredError
from watchkeeper.plumbing import limits
from watchkeeper.plumbing.pages import METHODS

_A_MINUTE = 30


# The form needs no cookie: it carries a proof that only who holds the link can have, and requests
# from other sites are refused before they come here.
@csrf_exempt
@require_http_methods(METHODS)
@sensitive_variables("token")
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """Show what burns, and do what was pressed."""
    now = clock.now()
    trace = {
        "request_id": getattr(request, "request_id", ""),
        "address": getattr(request, "client_address", ""),
    }
    page = queries.opened(token, now=now, **trace)
    limits.check(f"page_link:{page.page_id}", limit=_A_MINUTE, now=now)
    fault = ""
    if request.method == "POST":
        try:
            links.answer(token, _act(request), proof=_proof(request), now=now, **trace)
        except (ConflictError, FormExpiredError) as error:
            fault = error.message
        else:
            return redirect("oncall:answer", token=token)
    proof = signed.proof_of(page.page_id, now=now)
    context = {"page": page, "shown": page.shown, "proof": proof, "fault": fault}
    return render(request, "oncall/answer.html", context, status=409 if fault else 200)


def _act(request: HttpRequest) -> Answer:
    """Return what was pressed; anything unknown only takes it."""
    pressed = request.POST.get("act", "")
    known = {act.value for act in Answer}
    return Answer(pressed) if pressed in known else Answer.ACKNOWLEDGE


def _proof(request: HttpRequest) -> str:
    return request.POST.get("proof", "")
