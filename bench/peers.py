"""What one minute of an SLO costs, beside Prometheus with rules for it, and beside slo-generator.

Ours is what two readings of a minute (after 90 seconds, and again after ten minutes) cost here and
in Prometheus together. The rules are those that generators of the Sloth kind write: the error
ratio over the seven lookbacks of the workbook's alerts, once a minute. Left out, in their favour:
their 30-day ratio, their metadata and their alerts. slo-generator computes all SLOs in one run,
over three windows instead of the four of its usual error budget policy.

Source of the rules: Google SRE workbook, chapter 5, "Alerting on SLOs", table 5-8.
"""

import argparse
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench import house

LOOKBACKS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
SCRAPE_SECONDS = 30
AIM_RULES, AIM_GENERATOR = 10, 100
GENERATOR = Path(".venv-peers/bin/slo-generator")
_POLICY = (3600, 43_200, 172_800)


def main() -> None:
    """Fill a Prometheus with three days of counters, and let both work on them."""
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=__doc__)
    parser.add_argument("--slos", type=int, default=100)
    parser.add_argument("--minutes", type=int, default=30, help="minutes that are read")
    parser.add_argument("--seconds", type=int, default=90, help="how long the rules run")
    chosen = parser.parse_args()
    with house.fresh(), tempfile.TemporaryDirectory(prefix="watchkeeper-bench-") as folder:
        run(Path(folder), chosen.slos, chosen.minutes, chosen.seconds)


def run(folder: Path, slos: int, minutes: int, seconds: int) -> None:
    """Measure both on one server, one after the other."""
    from tests.servers import start_prometheus

    (folder / "rules.yml").write_text(_rules(slos))
    config = f"global: {{evaluation_interval: 20s}}\nrule_files: [{folder / 'rules.yml'}]\n"
    quiet = folder / "quiet"
    quiet.mkdir()
    text = "\n".join([*_history(slos), "# EOF", ""])
    server = start_prometheus(quiet, history=text)
    del text
    try:
        ours, theirs_for_us = _ours(server.url, server.process.pid, slos, minutes)
        generated = _generated(folder, server.url, server.process.pid, slos)
    finally:
        server.stop()
    (folder / "data").symlink_to(quiet / "data")
    server = start_prometheus(folder, config=config)
    try:
        rules = _ruled(server, seconds, slos)
    finally:
        server.stop()
    ours_all = 2 * (ours + theirs_for_us)
    print(f"One minute of an SLO, {slos} SLOs of two counters each, Prometheus on this machine")
    print(f"  ours, in our process           {2 * ours * 1e3:8.3f} ms of processor")
    print(f"  ours, in Prometheus            {2 * theirs_for_us * 1e3:8.3f} ms of processor")
    print(f"  rules in Prometheus            {rules * 1e3:8.3f} ms of processor")
    print(
        f"  rules / ours                   {rules / ours_all:8.1f} times   aim {AIM_RULES} times"
    )
    if generated is None:
        print(f"  slo-generator is left out: there is no {GENERATOR}; make bench installs it")
        return
    print(f"  slo-generator, with Prometheus {generated * 1e3:8.3f} ms of processor")
    ratio = generated / ours_all
    print(f"  slo-generator / ours           {ratio:8.1f} times   aim {AIM_GENERATOR} times")


def _history(slos: int) -> Iterator[str]:
    """Yield three days of counters up to now, as OpenMetrics."""
    end = int(time.time()) // SCRAPE_SECONDS * SCRAPE_SECONDS
    moments = range(end - 3 * 86_400 - 600, end, SCRAPE_SECONDS)
    chance = np.random.default_rng(7)
    yield "# TYPE bench_requests counter"
    for place in range(slos):
        for code, rate in (("200", 1500.0), ("500", 1.5)):
            value = 0
            rises = chance.poisson(rate, len(moments))
            for moment, rise in zip(moments, rises.tolist(), strict=True):
                value += rise
                labels = f'job="svc-{place}",code="{code}"'
                yield f"bench_requests_total{{{labels}}} {value} {moment}"


def _rules(slos: int) -> str:
    """Return recording rules, a group for each SLO."""
    lines = ["groups:"]
    for place in range(slos):
        lines += [f"- name: slo-{place}", "  rules:"]
        for length in LOOKBACKS:
            chosen = f'bench_requests_total{{job="svc-{place}"'
            bad, total = f'{chosen},code=~"5.."}}', f"{chosen}}}"
            ratio = f"sum(rate({bad}[{length}])) / sum(rate({total}[{length}]))"
            lines += [
                f"  - record: slo:sli_error:ratio_rate{length}",
                f"    expr: {ratio}",
                f"    labels: {{slo: svc-{place}}}",
            ]
    return "\n".join(lines) + "\n"


def _ours(url: str, pid: int, slos: int, minutes: int) -> tuple[float, float]:
    """Return seconds of processor for one reading of one minute of one SLO: ours, the server's."""
    from watchkeeper.integrations.prometheus.adapter import PrometheusSource
    from watchkeeper.telemetry.domain.spec import SliSpec
    from watchkeeper.telemetry.ports import SliRequest, SourceConfig

    source = SourceConfig(1, "prom", "prometheus", {"url": url}, {})
    requests = [
        SliRequest(
            place,
            SliSpec(
                "ratio",
                "prom",
                bad=f'sum(bench_requests_total{{job="svc-{place}",code=~"5.."}})',
                total=f'sum(bench_requests_total{{job="svc-{place}"}})',
                counter=True,
            ),
        )
        for place in range(slos)
    ]
    adapter = PrometheusSource()
    last = int(time.time()) // 60 - 5
    found = list(adapter.fetch(source, requests, start=last - 60, end=last - 59))
    assert len(found) == slos
    assert all(each.series.covered.all() and each.series.total[0] > 0 for each in found)
    before = house.processor_seconds(pid)
    _, used = house.timed(
        lambda: [
            list(adapter.fetch(source, requests, start=minute, end=minute + 1))
            for minute in range(last - minutes, last)
        ]
    )
    there = house.processor_seconds(pid) - before
    many = slos * minutes
    return used / many, there / many


def _generated(folder: Path, url: str, pid: int, slos: int) -> float | None:
    """Return seconds of processor for one SLO by slo-generator, Prometheus' with its own."""
    program = GENERATOR if GENERATOR.exists() else shutil.which("slo-generator")
    if program is None:
        return None
    documents = folder / "generator"
    documents.mkdir()
    for place in range(slos):
        chosen = f'bench_requests_total{{job="svc-{place}"'
        (documents / f"slo-{place}.yaml").write_text(
            f"""apiVersion: sre.google.com/v2
kind: ServiceLevelObjective
metadata:
  name: slo-{place}
  labels: {{service_name: svc-{place}, feature_name: requests, slo_name: answered}}
spec:
  description: answered without error
  backend: prometheus
  method: good_bad_ratio
  exporters: []
  service_level_indicator:
    filter_good: {chosen},code="200"}}
    filter_bad: {chosen},code=~"5.."}}
  goal: 0.99
""",
            encoding="utf-8",
        )
    steps = "".join(
        f"    - {{name: {window} s, burn_rate_threshold: 1, alert: false, message_alert: high, "
        f"message_ok: low, window: {window}}}\n"
        for window in _POLICY
    )
    shared = folder / "generator.yaml"
    shared.write_text(
        f"backends:\n  prometheus: {{url: {url}}}\nexporters: {{}}\n"
        f"error_budget_policies:\n  default:\n    steps:\n{steps}",
        encoding="utf-8",
    )
    before = house.processor_seconds(pid)
    own = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [str(program), "compute", "-f", str(documents), "-c", str(shared)],
        check=False,
        capture_output=True,
        text=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = (done.stdout + done.stderr).count("SLI")
    assert done.returncode == 0, done.stderr[-2000:]
    assert told >= slos, (done.stdout + done.stderr)[-2000:]
    used = after.ru_utime + after.ru_stime - own.ru_utime - own.ru_stime
    return (used + house.processor_seconds(pid) - before) / slos


def _ruled(server: "object", seconds: int, slos: int) -> float:
    """Return the server's seconds of processor for one evaluation of one SLO's rules."""
    from tests.servers import Server

    assert isinstance(server, Server)

    def evaluations() -> float:
        text = server.get("/metrics").decode()
        lines = [
            line for line in text.splitlines()
            if line.startswith("prometheus_rule_group_iterations_total{")
        ]  # fmt: skip
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines)

    time.sleep(25)  # every group has begun
    before, done = house.processor_seconds(server.process.pid), evaluations()
    time.sleep(seconds)
    used = house.processor_seconds(server.process.pid) - before
    many = evaluations() - done
    assert many >= slos, f"only {many} evaluations; let the rules run for longer"
    return used / many


if __name__ == "__main__":
    main()
