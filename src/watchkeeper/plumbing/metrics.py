"""The product's own metrics, in a registry of its own."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from watchkeeper import __version__

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

REGISTRY = CollectorRegistry()
REQUESTS = Counter(
    "watchkeeper_http_requests", "Requests answered.", ["method", "status"], registry=REGISTRY
)
REQUEST_SECONDS = Histogram(
    "watchkeeper_http_request_duration_seconds", "Time to answer a request.", registry=REGISTRY
)
JOB_RUNS = Counter("watchkeeper_job_runs", "Runs of a job.", ["job", "outcome"], registry=REGISTRY)
JOB_SECONDS = Gauge(
    "watchkeeper_job_last_duration_seconds", "Length of a job's last run.", ["job"],
    registry=REGISTRY,
)  # fmt: skip
LOOP_FAILURES = Counter(
    "watchkeeper_loop_failures", "Steps of a loop that failed.", ["loop"], registry=REGISTRY
)
EGRESS = Counter(
    "watchkeeper_egress_requests", "Requests that left the process.", ["outcome"],
    registry=REGISTRY,
)  # fmt: skip
LEASES = Counter(
    "watchkeeper_leases", "Claims of due work.", ["kind", "outcome"], registry=REGISTRY
)
REFUSED = Counter(
    "watchkeeper_requests_refused", "Requests refused because too many came.", ["limit"],
    registry=REGISTRY,
)  # fmt: skip
TURNED_AWAY = Counter(
    "watchkeeper_intake_turned_away", "Posts refused because nobody knows whose they are.",
    ["kind"], registry=REGISTRY,
)  # fmt: skip
PAGE_CALLS = Counter(
    "watchkeeper_page_calls", "Calls of channels that carry pages.", ["channel", "outcome"],
    registry=REGISTRY,
)  # fmt: skip
ESCALATIONS_EXHAUSTED = Counter(
    "watchkeeper_escalations_exhausted", "Escalations that nobody answered.",
    ["nobody_notified"], registry=REGISTRY,
)  # fmt: skip
CLOCK_AHEAD = Gauge(
    "watchkeeper_clock_ahead_seconds",
    "How far this machine's clock is ahead of PostgreSQL's, by which all nodes go.",
    registry=REGISTRY,
)
BUILD = Gauge("watchkeeper_build_info", "Version that runs.", ["version"], registry=REGISTRY)
BUILD.labels(__version__).set(1)


def exposition() -> bytes:
    """Return all metrics in the text format."""
    return generate_latest(REGISTRY)
