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
    on_call_url = models.URLField(max_length=1000, blank=True)
    runbook_url = models.URLField(max_length=1000, blank=True)
    repository_url = models.CharField(max_length=1000, blank=True)
    chat_channel = models.CharField(max_length=200, blank=True)
    labels = models.JSONField(default=dict)
    origin = models.CharField(max_length=20, choices=ORIGINS, default=Origin.UI.value)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(tier__isnull=True) | Q(tier__gte=0, tier__lte=3),
                name="catalog_tier_is_0_to_3",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Dependency(models.Model):
    """What a service needs: hard (without it, it fails) or soft."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="dependencies")
    target = models.CharField(max_length=253, help_text="Name of a service or an outside vendor.")
    is_hard = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["service", "target"], name="catalog_one_dependency_each"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service_id} on {self.target}"


class Journey(models.Model):
    """What a customer does, over services in order."""

    name = models.CharField(max_length=253, unique=True)
    title = models.CharField(max_length=200, blank=True)
    owner = models.ForeignKey(
        "identity.Team", null=True, on_delete=models.SET_NULL, related_name="journeys"
    )
    services = models.JSONField(default=list, help_text="Names of services, in order.")
    origin = models.CharField(max_length=20, choices=ORIGINS, default=Origin.UI.value)
    document = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.name


class Entity(models.Model):
    """A Backstage document, kept whole."""

    kind = models.CharField(max_length=60)
    name = models.CharField(max_length=253)
    document = models.JSONField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "name"], name="catalog_one_entity_per_name"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"
