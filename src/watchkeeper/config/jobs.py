"""Every job and loop that the engine runs."""

from watchkeeper.alerts.tasks import JOBS as ALERTS
from watchkeeper.alerts.tasks import LOOPS as ALERT_LOOPS
from watchkeeper.audit.tasks import JOBS as AUDIT
from watchkeeper.identity.tasks import JOBS as IDENTITY
from watchkeeper.integrations.cloudwatch.tasks import JOBS as CLOUDWATCH
from watchkeeper.notifications.tasks import LOOPS as NOTIFICATION_LOOPS
from watchkeeper.oncall.tasks import JOBS as ONCALL
from watchkeeper.oncall.tasks import LOOPS as ONCALL_LOOPS
from watchkeeper.plumbing.jobs import Job, Loop
from watchkeeper.plumbing.tasks import JOBS as PLUMBING
from watchkeeper.slos.tasks import JOBS as SLOS
from watchkeeper.telemetry.tasks import JOBS as TELEMETRY

JOBS: tuple[Job, ...] = (
    *TELEMETRY, *SLOS, *ALERTS, *ONCALL, *CLOUDWATCH, *IDENTITY, *AUDIT, *PLUMBING,
)  # fmt: skip
LOOPS: tuple[Loop, ...] = (*ALERT_LOOPS, *ONCALL_LOOPS, *NOTIFICATION_LOOPS)
