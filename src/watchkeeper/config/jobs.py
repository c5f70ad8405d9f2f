"""Every job that the engine runs."""

from watchkeeper.audit.tasks import JOBS as AUDIT
from watchkeeper.identity.tasks import JOBS as IDENTITY
from watchkeeper.plumbing.jobs import Job
from watchkeeper.plumbing.tasks import JOBS as PLUMBING
from watchkeeper.slos.tasks import JOBS as SLOS
from watchkeeper.telemetry.tasks import JOBS as TELEMETRY

JOBS: tuple[Job, ...] = (*TELEMETRY, *SLOS, *IDENTITY, *AUDIT, *PLUMBING)
