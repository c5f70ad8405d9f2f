"""Whoever owns a service owns the minutes that its SLOs are judged by."""

import datetime as dt
from collections.abc import Collection

from django.db import transaction
from django.db.models import F, Q

from watchkeeper.kernel import actors
from watchkeeper.slos.models import SloSli
from watchkeeper.telemetry import usecases as telemetry

_DIFFERS = Q(sli__owner_team_id__isnull=False) | Q(slo__service__owner_id__isnull=False)
_SAME = Q(sli__owner_team_id=F("slo__service__owner_id"))


def follow(*, now: dt.datetime, sli_ids: Collection[int] | None = None) -> int:
    """Hand each SLI to the team that owns the service of its SLO; return how many changed hands.

    An SLI that SLOs of several services share goes with the oldest of these SLOs. One that no SLO
    uses keeps its owner. Nobody's permission is asked: whoever handed the service over has handed
    over its figures.

    Args:
        now: The present.
        sli_ids: Look at these only; ``None``: at all.
    """
    used = SloSli.objects.all()
    if sli_ids is not None:
        used = used.filter(sli_id__in=sli_ids)
    astray = used.filter(_DIFFERS).exclude(_SAME).values_list("sli_id", flat=True)
    shared = SloSli.objects.filter(sli_id__in=set(astray)).order_by("-slo_id")
    owners = dict(shared.values_list("sli_id", "slo__service__owner_id"))  # the oldest comes last
    changed = 0
    with transaction.atomic():
        for sli_id, team_id in owners.items():
            changed += telemetry.set_owner(
                actor=actors.system("slos"), sli_id=sli_id, team_id=team_id, now=now
            )
    return changed
