"""The shapes of metrics that discovery knows, one row each; to know more, add a row."""

from dataclasses import dataclass
from decimal import Decimal

from watchkeeper.integrations.prometheus.domain.queries import LabelMatch

_SERVICES = ("service_name", "service", "app", "app_kubernetes_io_name", "job")
_SERVER_FAULTS = "5.."
# OpenTelemetry semantic conventions, "RPC server spans": statuses that are the server's fault.
_GRPC_FAULTS = "Unknown|DeadlineExceeded|Unimplemented|Internal|Unavailable|DataLoss"
_GRPC_FAULT_NUMBERS = "2|4|12|13|14|15"


@dataclass(frozen=True, slots=True)
class Shape:
    """One way in which programs report requests.

    Attributes:
        name: In words.
        protocol: ``http``, ``grpc`` or ``probe``; tells apart SLOs of one service.
        total: Metric that counts every request; for a probe the gauge that is 1 while it works.
        faults: Conditions that select failed requests, by the label that decides; the first whose
            label the metric has is used. Empty where the metric tells no outcome.
        bucket: Metric of the latency histogram's buckets; ``None`` where there is none.
        unit_seconds: Length that a bucket bound of 1 stands for.
        only: Conditions that hold for all requests that count.
        services: Labels that may name the service, the best first.
        why: A sentence: what is counted as failed, and what is left out.
    """

    name: str
    protocol: str
    total: str
    faults: tuple[LabelMatch, ...] = ()
    bucket: str | None = None
    unit_seconds: Decimal = Decimal(1)
    only: tuple[LabelMatch, ...] = ()
    services: tuple[str, ...] = _SERVICES
    why: str = "Responses with status 500 to 599 are failures; what callers did wrong is not."


def _status(*labels: str) -> tuple[LabelMatch, ...]:
    return tuple(LabelMatch(label, "=~", _SERVER_FAULTS) for label in labels)


_MILLISECOND = Decimal("0.001")
_COMMON_STATUS = _status("code", "status", "status_code", "response_code", "http_status")
_GRPC_WHY = (
    "Calls that end with a status that is the server's fault (unknown, deadline exceeded, "
    "unimplemented, internal, unavailable, data loss) are failures."
)
_OWN_API = (LabelMatch("handler", "=~", "/api/v1/.*"),)

SHAPES = (
    Shape(
        "OpenTelemetry HTTP server",
        "http",
        "http_server_request_duration_seconds_count",
        _status("http_response_status_code"),
        "http_server_request_duration_seconds_bucket",
    ),
    Shape(
        "OpenTelemetry HTTP server, older convention",
        "http",
        "http_server_duration_milliseconds_count",
        _status("http_status_code", "http_response_status_code"),
        "http_server_duration_milliseconds_bucket",
        unit_seconds=_MILLISECOND,
    ),
    Shape(
        "OpenTelemetry RPC server, seconds",
        "grpc",
        "rpc_server_duration_seconds_count",
        (LabelMatch("rpc_grpc_status_code", "=~", _GRPC_FAULT_NUMBERS),),
        "rpc_server_duration_seconds_bucket",
        why=_GRPC_WHY,
    ),
    Shape(
        "OpenTelemetry RPC server",
        "grpc",
        "rpc_server_duration_milliseconds_count",
        (LabelMatch("rpc_grpc_status_code", "=~", _GRPC_FAULT_NUMBERS),),
        "rpc_server_duration_milliseconds_bucket",
        unit_seconds=_MILLISECOND,
        why=_GRPC_WHY,
    ),
    Shape(
        "OpenTelemetry RPC server, calls",
        "grpc",
        "rpc_server_call_duration_seconds_count",
        (
            LabelMatch("rpc_response_status_code", "=~", _GRPC_FAULT_NUMBERS),
            LabelMatch("error_type", "!=", ""),
        ),
        "rpc_server_call_duration_seconds_bucket",
        why=_GRPC_WHY,
    ),
    Shape("HTTP requests", "http", "http_requests_total", _COMMON_STATUS),
    Shape(
        "HTTP request durations",
        "http",
        "http_request_duration_seconds_count",
        _COMMON_STATUS,
        "http_request_duration_seconds_bucket",
    ),
    Shape(
        "Spring HTTP server",
        "http",
        "http_server_requests_seconds_count",
        _status("status"),
        "http_server_requests_seconds_bucket",
        services=("application", *_SERVICES),
    ),
    Shape(
        "gRPC server",
        "grpc",
        "grpc_server_handled_total",
        (LabelMatch("grpc_code", "=~", _GRPC_FAULTS),),
        why=_GRPC_WHY,
    ),
    Shape(
        "gRPC server durations",
        "grpc",
        "grpc_server_handling_seconds_count",
        bucket="grpc_server_handling_seconds_bucket",
        only=(LabelMatch("grpc_type", "=", "unary"),),
    ),
    Shape(
        "Blackbox probe",
        "probe",
        "probe_success",
        services=("instance", "job"),
        why="Each minute in which the probe failed is a bad minute.",
    ),
    Shape(
        "Kubernetes API server",
        "http",
        "apiserver_request_total",
        _status("code"),
        only=(LabelMatch("verb", "!~", "WATCH|CONNECT"),),
        services=("job",),
        why="Responses with status 500 to 599 are failures; watches and tunnels are left out.",
    ),
    Shape(
        "Kubernetes API server durations",
        "http",
        "apiserver_request_duration_seconds_count",
        bucket="apiserver_request_duration_seconds_bucket",
        only=(LabelMatch("verb", "!~", "WATCH|CONNECT"), LabelMatch("subresource", "!=", "log")),
        services=("job",),
    ),
    Shape(
        "Prometheus' own API",
        "http",
        "prometheus_http_requests_total",
        (LabelMatch("code", "!~", "2.."),),
        only=_OWN_API,
        services=("job",),
        why="Requests to the API that did not end with a status of 200 to 299 are failures, "
        "refused queries among them.",
    ),
    Shape(
        "Prometheus' own API durations",
        "http",
        "prometheus_http_request_duration_seconds_count",
        bucket="prometheus_http_request_duration_seconds_bucket",
        only=_OWN_API,
        services=("job",),
    ),
)
