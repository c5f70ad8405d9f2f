"""What pages of people and of tokens share."""

from django.http import HttpResponse


def told_once(response: HttpResponse) -> HttpResponse:
    """Return a page that holds a secret, so that nothing on the way keeps it."""
    response["Cache-Control"] = "no-store"
    return response
