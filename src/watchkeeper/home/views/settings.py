"""The page of settings."""

from django.conf import settings as django_settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

import watchkeeper
from watchkeeper.home import queries
from watchkeeper.kernel import access, clock
from watchkeeper.kernel.access import Permission
from watchkeeper.plumbing import environment
from watchkeeper.plumbing.pages import members_only
from watchkeeper.plumbing.rest import actor_of


@members_only
@require_safe
def settings(request: HttpRequest) -> HttpResponse:
    """Show how this server is set, and where each setting comes from."""
    access.require(actor_of(request), Permission.READ_AUDIT, what="settings")
    context = {
        "watch": queries.watch(now=clock.now()),
        "told": environment.told(django_settings.WATCHKEEPER),
        "version": watchkeeper.__version__,
        "database": connection.vendor,
    }
    return render(request, "home/settings.html", context)
