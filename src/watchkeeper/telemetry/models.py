"""Sources, SLIs and their versions; minutes in journal and sealed blocks.

A *minute* is a whole number of minutes since the Unix epoch, a *day* a whole number of UTC days
since it, an *observed second* a whole number of seconds since it. Counts are thousandths.
"""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from watchkeeper.kernel.origins import Origin

ORIGINS = [(origin.value, origin.value) for origin in Origin]


class MinuteState(models.IntegerChoices):
    """What was odd about a measured minute."""

    MEASURED = 1
    OVER_TOTAL = 2


class Row(models.Model):
    """What all rows here share: they show as their kind and key."""

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{type(self).__name__} {self.pk}"


class Source(Row):
    """A place that tells minutes: a Prometheus server, a sample generator."""

    name = models.CharField(max_length=253, unique=True)
    kind = models.CharField(max_length=40)
    settings = models.JSONField(default=dict, help_text="Without secrets.")
    sealed = models.JSONField(default=dict, help_text="Secrets by name, encrypted.")
    document = models.JSONField(
        default=dict, help_text="The OpenSLO DataSource as it came, secrets left out."
    )
    origin = models.CharField(max_length=20, choices=ORIGINS, default=Origin.UI.value)
    is_sample = models.BooleanField(default=False)
    is_taken_over = models.BooleanField(
        default=False, help_text="Came from a file once and is kept here now."
    )
    created_at = models.DateTimeField()
    last_ok_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)
    last_error_at = models.DateTimeField(null=True)
    silent_since_at = models.DateTimeField(null=True, help_text="First failure in a row.")
    last_minute = models.BigIntegerField(null=True, help_text="Newest minute it told.")
    asked_to = models.BigIntegerField(null=True, help_text="Minutes before this were asked.")
    asked_again_to = models.BigIntegerField(
        null=True, help_text="Minutes before this were asked a second time."
    )
    backfill_wanted = models.BigIntegerField(
        default=0, help_text="Minutes of history put down since there was nothing left to read."
    )


class SourceLoad(Row):
    """What asking a source cost in one hour (whole hours since the Unix epoch)."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="loads")
    hour = models.BigIntegerField()
    requests = models.BigIntegerField()
    failures = models.BigIntegerField()
    seconds = models.FloatField()
    slowest_seconds = models.FloatField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "hour"], name="telemetry_one_load_an_hour"),
        ]


class CoverageCount(Row):
    """Due and measured minutes as last counted, and the count that goes on, in portions.

    A portion at a time keeps a count over many thousand SLIs from holding up the engine.
    """

    source = models.OneToOneField(
        Source, null=True, on_delete=models.CASCADE, help_text="None: what is pushed."
    )
    measured = models.JSONField(default=list, help_text="Measured minutes, slice by slice.")
    due = models.JSONField(default=list, help_text="Due minutes, slice by slice.")
    counted_at = models.DateTimeField(null=True, help_text="When; the last slice ends there.")
    running = models.JSONField(default=dict, help_text="The count that goes on.")

    class Meta:
        abstract = True


class SourceCoverage(CoverageCount):
    """Coverage of the last day by quarter of an hour."""


class SourceDays(CoverageCount):
    """Coverage of the last days by UTC day, the day of ``counted_at`` the last one."""


class Sli(Row):
    """One indicator that yields (good, total) for each minute."""

    name = models.CharField(max_length=253, unique=True)
    owner_team = models.ForeignKey("identity.Team", null=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField()
    history_days = models.PositiveIntegerField(
        default=90, help_text="Days of history to ask its source for."
    )
    revision = models.BigIntegerField(
        default=0, help_text="Grows when anything but the newest minutes changed."
    )
    first_minute = models.BigIntegerField(null=True)
    last_minute = models.BigIntegerField(null=True)


class SliAlias(Row):
    """Another name under which minutes may be pushed: that of an SLO that uses the SLI."""

    sli = models.ForeignKey(Sli, on_delete=models.CASCADE, related_name="aliases")
    name = models.CharField(max_length=253, db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["sli", "name"], name="telemetry_one_alias"),
        ]


class SliVersion(Row):
    """One way of measuring an SLI; its key is the hash of source, queries and slice."""

    sli = models.ForeignKey(Sli, on_delete=models.CASCADE, related_name="versions")
    source = models.ForeignKey(Source, null=True, on_delete=models.PROTECT)
    key = models.CharField(max_length=64)
    spec = models.JSONField()
    created_at = models.DateTimeField()
    planned_from = models.BigIntegerField(
        null=True, help_text="Minutes from this one on were put down to be asked for."
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["sli", "key"], name="telemetry_one_version_per_key"),
        ]


class SliInForce(Row):
    """From which minute on a version measures its SLI; the first one from the beginning (0)."""

    sli = models.ForeignKey(Sli, on_delete=models.CASCADE, related_name="in_force")
    version = models.ForeignKey(SliVersion, on_delete=models.CASCADE, related_name="in_force")
    since = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["sli", "since"], name="telemetry_one_in_force"),
            models.CheckConstraint(
                condition=Q(since__gte=0), name="telemetry_in_force_since_epoch"
            ),
        ]


class Minute(Row):
    """The journal: one minute as last observed, not yet sealed. It wins over blocks."""

    pk = models.CompositePrimaryKey("version_id", "minute")
    version = models.ForeignKey(SliVersion, on_delete=models.CASCADE, db_index=False)
    minute = models.BigIntegerField()
    good = models.BigIntegerField()
    total = models.BigIntegerField()
    state = models.SmallIntegerField(choices=MinuteState.choices)
    observed_second = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(minute__gte=0, good__gte=0, total__gte=0),
                name="telemetry_minute_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(good__lte=F("total"), state=1) | Q(good__gt=F("total"), state=2),
                name="telemetry_minute_state_fits",
            ),
        ]


class Block(Row):
    """A sealed UTC day of one version: 1,440 minutes as bytes, beside their plain sums."""

    pk = models.CompositePrimaryKey("version_id", "day")
    version = models.ForeignKey(SliVersion, on_delete=models.CASCADE, db_index=False)
    day = models.IntegerField()
    revision = models.BigIntegerField(default=1, help_text="Compare-and-set on this.")
    hours = models.IntegerField(help_text="Bit h is set where hour h holds a minute.")
    covered = models.SmallIntegerField()
    good = models.BigIntegerField()
    total = models.BigIntegerField()
    payload = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(covered__gte=1, covered__lte=1440), name="telemetry_block_covers"
            ),
        ]


class Restatement(Row):
    """A stored value that a later observation replaced."""

    version = models.ForeignKey(SliVersion, on_delete=models.CASCADE, db_index=False)
    minute = models.BigIntegerField()
    old_good = models.BigIntegerField()
    old_total = models.BigIntegerField()
    new_good = models.BigIntegerField()
    new_total = models.BigIntegerField()
    origin = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["version", "minute"], name="telemetry_restated_minute"),
        ]


class SliFinding(Row):
    """Something odd about an SLI that a person should look at; one row for each kind."""

    sli = models.ForeignKey(Sli, on_delete=models.CASCADE, related_name="findings")
    code = models.CharField(max_length=60)
    detail = models.TextField()
    count = models.BigIntegerField(default=1, help_text="How often it was met.")
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["sli", "code"], name="telemetry_one_finding"),
        ]


class SliBackfill(Row):
    """Minutes ``[start, end)`` still to be asked of a source; shrinks from its end."""

    version = models.ForeignKey(SliVersion, on_delete=models.CASCADE, related_name="backfills")
    start = models.BigIntegerField()
    end = models.BigIntegerField()
    retry_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["version", "start"], name="telemetry_one_backfill"),
            models.CheckConstraint(
                condition=Q(start__lt=F("end")), name="telemetry_backfill_not_empty"
            ),
        ]
