"""What one minute of an SLO costs, beside Prometheus with rules for it, and beside slo-generator.

Ours is everything that a minute takes: what is due is found, read (after 90 seconds, and again
after ten minutes, in the same requests), stored and judged, here and in Prometheus together. The
rules are those that generators of the Sloth kind write: the error ratio over the seven lookbacks
of the workbook's alerts, once a minute. Left out, in their favour: their 30-day ratio, their
metadata and their alerts. slo-generator computes all SLOs in one run, over three windows instead
of the four of its usual error budget policy.

Measured twice: SLOs whose queries differ in one label, which we ask in groups, and SLOs that each
have a metric of their own, so that nothing can be grouped.

Source of the rules: Google SRE workbook, chapter 5, "Alerting on SLOs", table 5-8.
"""

import argparse
import datetime as dt
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench import house

LOOKBACKS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
SCRAPE_SECONDS = 30
KINDS = {"grouped": 20, "single": 10}
"""How the SLOs' queries are to each other, and how many times cheaper than rules we aim to be."""
AIM_GENERATOR = 100
GENERATOR = Path(".venv-peers/bin/slo-generator")
_POLICY = (3600, 43_200, 172_800)
_BEFORE_MINUTES = 15
"""Minutes that are read before anything is measured, so that each round asks for two."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of processor for one SLO and minute.

    Attributes:
        reading: Asking the server and counting its answer, here.
        keeping: All else here: what is due, storing, judging.
        there: What the server spent on our questions.
    """

    reading: float
    keeping: float
    there: float

    @property
    def all(self) -> float:
        """All of it."""
        return self.reading + self.keeping + self.there


def main() -> None:
    """Fill a Prometheus with three days of counters, and let all work on them."""
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=__doc__)
    parser.add_argument("--slos", type=int, default=100)
    parser.add_argument("--minutes", type=int, default=30, help="minutes that are read")
    parser.add_argument("--seconds", type=int, default=90, help="how long the rules run")
    parser.add_argument("--kind", choices=[*KINDS], help="both, one after the other, without")
    chosen = parser.parse_args()
    if chosen.kind is None:  # each with a product of its own
        for kind in KINDS:
            again = [sys.executable, "-m", "bench.peers", *sys.argv[1:], "--kind", kind]
            subprocess.run(again, check=True)
        return
    with house.fresh(), tempfile.TemporaryDirectory(prefix="watchkeeper-bench-") as folder:
        run(Path(folder), chosen.kind, chosen.slos, chosen.minutes, chosen.seconds)


def run(folder: Path, kind: str, slos: int, minutes: int, seconds: int) -> None:
    """Measure all on one server, one after the other."""
    from tests.servers import start_prometheus

    (folder / "rules.yml").write_text(_rules(kind, slos))
    config = f"global: {{evaluation_interval: 20s}}\nrule_files: [{folder / 'rules.yml'}]\n"
    quiet = folder / "quiet"
    quiet.mkdir()
    text = "\n".join([*_history(kind, slos), "# EOF", ""])
    server = start_prometheus(quiet, history=text)
    del text
    try:
        ours = _ours(kind, server.url, server.process.pid, slos, minutes)
        generated = _generated(folder, kind, server.url, server.process.pid, slos)
    finally:
        server.stop()
    (folder / "data").symlink_to(quiet / "data")
    server = start_prometheus(folder, config=config)
    try:
        rules = _ruled(server, seconds, slos)
    finally:
        server.stop()
    print(f"One minute of an SLO, {slos} SLOs of two counters each, {kind}: processor")
    for name, value in (
        ("ours, reading", ours.reading),
        ("ours, due, stored and judged", ours.keeping),
        ("ours, in Prometheus", ours.there),
        ("ours, all of it", ours.all),
        ("rules in Prometheus", rules),
    ):
        print(f"  {name:32} {value * 1e3:8.3f} ms")
    asked = rules / (ours.reading + ours.there)
    print(f"  {'rules / ours, reading':32} {asked:8.1f} times   aim {KINDS[kind]} times")
    print(f"  {'rules / ours, all of it':32} {rules / ours.all:8.1f} times")
    if generated is None:
        print(f"  slo-generator is left out: there is no {GENERATOR}; make bench installs it")
        return
    print(f"  {'slo-generator, with Prometheus':32} {generated * 1e3:8.3f} ms")
    ratio = generated / ours.all
    print(
        f"  {'slo-generator / ours, all of it':32} {ratio:8.1f} times   aim {AIM_GENERATOR} times"
    )


def _chosen(kind: str, place: int) -> str:
    """Return the selector of one SLO's counters, open at its end."""
    metric = "bench_requests_total" if kind == "grouped" else f"bench{place}_requests_total"
    return f'{metric}{{job="svc-{place}"'


def _history(kind: str, slos: int) -> Iterator[str]:
    """Yield three days of counters up to now, as OpenMetrics."""
    end = int(time.time()) // SCRAPE_SECONDS * SCRAPE_SECONDS
    moments = range(end - 3 * 86_400 - 600, end, SCRAPE_SECONDS)
    chance = np.random.default_rng(7)
    for place in range(slos):
        metric, _, label = _chosen(kind, place).partition("{")
        if kind == "single" or not place:
            yield f"# TYPE {metric.removesuffix('_total')} counter"
        for code, rate in (("200", 1500.0), ("500", 1.5)):
            value = 0
            rises = chance.poisson(rate, len(moments))
            for moment, rise in zip(moments, rises.tolist(), strict=True):
                value += rise
                yield f'{metric}{{{label},code="{code}"}} {value} {moment}'


def _rules(kind: str, slos: int) -> str:
    """Return recording rules, a group for each SLO."""
    lines = ["groups:"]
    for place in range(slos):
        lines += [f"- name: slo-{place}", "  rules:"]
        for length in LOOKBACKS:
            chosen = _chosen(kind, place)
            bad, total = f'{chosen},code=~"5.."}}', f"{chosen}}}"
            ratio = f"sum(rate({bad}[{length}])) / sum(rate({total}[{length}]))"
            lines += [
                f"  - record: slo:sli_error:ratio_rate{length}",
                f"    expr: {ratio}",
                f"    labels: {{slo: svc-{place}}}",
            ]
    return "\n".join(lines) + "\n"


def _ours(kind: str, url: str, pid: int, slos: int, minutes: int) -> Cost:
    """Return what one minute of one SLO costs us, from what is due to where it stands."""
    from tests.factories import HOST, make_slo, slo_document

    from watchkeeper.kernel.origins import Origin
    from watchkeeper.slos import usecases as judging
    from watchkeeper.telemetry import queries, usecases
    from watchkeeper.telemetry.domain import sources
    from watchkeeper.telemetry.usecases import collect

    last = int(time.time()) // 60 - 5
    begin = dt.datetime.fromtimestamp((last - minutes - _BEFORE_MINUTES) * 60, tz=dt.UTC)
    definition = sources.define(name=kind, kind="prometheus", details={"url": url})
    usecases.save_source(actor=HOST, definition=definition, origin=Origin.UI, now=begin)
    for place in range(slos):
        document = slo_document(f"{kind}-{place}", indicator=_indicator(kind, place))
        make_slo(document, now=begin)
    source = queries.source_by_name(kind)
    assert source is not None
    ticker = judging.Ticker()
    reading = keeping = 0.0
    before = 0.0
    for step in range(_BEFORE_MINUTES + minutes):
        now = begin + dt.timedelta(minutes=step + 1, seconds=35)
        if step == _BEFORE_MINUTES:
            before, reading, keeping = house.processor_seconds(pid), 0.0, 0.0
        begun = time.process_time()
        due = collect.next_round(source.id, now=now)
        if due is None:  # the very first minute is history
            assert not step
            continue
        asked = time.process_time()
        answers = due.fetch()
        told = time.process_time()
        collect.finish_round(due, answers, now=now)
        ticker.tick(now=now)
        reading += told - asked
        keeping += time.process_time() - told + asked - begun
    there = house.processor_seconds(pid) - before
    assert len(answers) == 1
    assert len(answers[0]) == slos
    assert all(int(each.series.covered.sum()) == 2 for each in answers[0])
    many = slos * minutes
    return Cost(reading / many, keeping / many, there / many)


def _indicator(kind: str, place: int) -> dict[str, object]:
    def asked(query: str) -> dict[str, object]:
        return {"metricSource": {"metricSourceRef": kind, "spec": {"query": query}}}

    chosen = _chosen(kind, place)
    ratio = {
        "counter": True,
        "bad": asked(f'sum({chosen},code=~"5.."}})'),
        "total": asked(f"sum({chosen}}})"),
    }
    return {"metadata": {"name": f"{kind}-{place}"}, "spec": {"ratioMetric": ratio}}


def _generated(folder: Path, kind: str, url: str, pid: int, slos: int) -> float | None:
    """Return seconds of processor for one SLO by slo-generator, Prometheus' with its own."""
    program = GENERATOR if GENERATOR.exists() else shutil.which("slo-generator")
    if program is None:
        return None
    documents = folder / "generator"
    documents.mkdir()
    for place in range(slos):
        chosen = _chosen(kind, place)
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
