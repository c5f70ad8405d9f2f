"""What the organisation runs, who owns it and what hangs on what."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from watchkeeper.kernel.origins import Origin

ORIGINS = [(origin.value, origin.value) for origin in Origin]


class Service(models.Model):
    """Something that runs for somebody; the id that joins SLOs, alerts and incidents."""

    name = models.CharField(max_length=253, unique=True)
    title = models.CharField(max_length=200, blank=True)
    description = models.TextField(blank=True)
    tier = models.SmallIntegerField(null=True, help_text="0 to 3, 0 matters most; null: unknown.")
    lifecycle = models.CharField(max_length=60, blank=True)
    owner = models.ForeignKey(
        "identity.Team", null=True, on_delete=models.SET_NULL, related_name="services"
    )
    origin = models.CharField(max_length=20, choices=ORIGINS, default=Origin.UI.value)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(tier__isnull=True) | Q(tier__gte=0, tier__lte=3),
                name="catalog_tier_is_0_to_3",
            ),
        ]
