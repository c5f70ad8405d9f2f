"""A real Prometheus and a real Alertmanager wake a person of the sample organisation by phone."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests import servers
from tests.databases import free_port
from tests.notifications.provider import Provider, provider
from tests.product import Product
from tests.servers import Server, StartPrometheus

CHECKOUT = ("ines-duarte", "amara-okoye", "jonas-berg")
MESSAGES = "/2010-04-01/Accounts/AC1/Messages.json"
WAIT_SECONDS = 60
RULES = """
groups:
- name: shop
  interval: 1s
  rules:
  - {alert: CheckoutDown, expr: vector(1), labels: {severity: critical, service: checkout}, annotations: {summary: Checkout is down}}
"""  # noqa: E501  one rule
PROMETHEUS = """
global: {evaluation_interval: 1s}
rule_files: [RULES]
alerting: {alertmanagers: [{static_configs: [{targets: ['127.0.0.1:ALERTMANAGER']}]}]}
"""
ALERTMANAGER = """
route: {receiver: none, group_wait: 0s, group_interval: 1s, repeat_interval: 1h, routes: [
  {matchers: ['alertname="CheckoutDown"'], receiver: hook, continue: true},
  {matchers: ['alertname="CheckoutDown"'], receiver: pagerduty, continue: true},
  {matchers: ['alertname="CheckoutDown"'], receiver: opsgenie}]}
receivers:
- name: none
- name: hook
  webhook_configs: [{url: 'HOOK', send_resolved: true}]
- name: pagerduty
  pagerduty_configs: [{routing_key: PAGERDUTY, url: 'BASE/v2/enqueue', severity: critical}]
- name: opsgenie
  opsgenie_configs: [{api_key: OPSGENIE, api_url: 'BASE/', priority: P1}]
"""


@dataclass
class Phoned(Product):
    """The product, with a phone company that stands in for the real one."""

    phone: Provider = field(kw_only=True)

    def environment(self) -> dict[str, str]:
        return super().environment() | {
            "WATCHKEEPER_TWILIO_BASE_URL": self.phone.url(""),
            "WATCHKEEPER_TWILIO_ACCOUNT_SID": "AC1",
            "WATCHKEEPER_TWILIO_AUTH_TOKEN": "secret",
            "WATCHKEEPER_TWILIO_FROM": "+14155550100",
        }


@pytest.fixture
def phone(tmp_path: Path) -> Iterator[Provider]:
    with provider(tmp_path / "calls") as made:
        made.bodies[MESSAGES] = b'{"sid": "SM1", "status": "queued"}'
        yield made


def documents() -> str:
    """Return phones for who is on call and for the boss, and where alerts go."""
    said: list[dict[str, Any]] = []
    for place, name in enumerate([*CHECKOUT, "boss"]):
        contact = {"name": "phone", "channel": "sms", "verified": True}
        now = [{"contact": "phone", "after": "0m"}]
        said.append(
            document("Person", name, {
                "email": f"{name}@example.org", "timeZone": "Europe/Oslo",
                "contacts": [contact | {"address": f"+4721000{place:03}"}],
                "rules": {"high": now, "low": now},
            })
        )  # fmt: skip
    page = {"steps": [{"notify": [{"schedule": "checkout-primary"}]}]}
    nobody = {
        "timeZone": "UTC",
        "layers": [{"name": "later", "rotation": {
            "unit": "week", "every": 1, "start": "2099-01-01T00:00:00", "members": ["boss"],
        }}],
    }  # fmt: skip
    said += [
        document("Schedule", "ghosts", nobody),
        document("EscalationPolicy", "checkout", page),
        document("EscalationPolicy", "ghosts", {"steps": [{"notify": [{"schedule": "ghosts"}]}]}),
        document(
            "Route", "ghosts", {"order": 1, "match": ['service="ghost"'], "policy": "ghosts"}
        ),
        document("Route", "rest", {
            "order": 9, "match": [], "policy": "checkout", "urgency": "high",
        }),
    ]  # fmt: skip
    return "\n---\n".join(json.dumps(each) for each in said)


def document(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    head = {"apiVersion": "watchkeeper/v1", "kind": kind}
    return {**head, "metadata": {"name": name}, "spec": spec}


def eventually(ask: Callable[[], Any]) -> Any:
    """Return the first truthy answer; the last one after a minute."""
    until = time.monotonic() + WAIT_SECONDS
    while True:
        answer = ask()
        if answer or time.monotonic() > until:
            return answer
        time.sleep(0.2)


def texts(phone: Provider, to: str = "") -> list[str]:
    """Return what was texted, in order."""
    sent = [parse_qs(call["body"]) for call in phone.calls() if call["path"] == MESSAGES]
    return [each["Body"][0] for each in sent if not to or each["To"][0] == to]


@contextlib.contextmanager
def alertmanager(product: Product, folder: Path) -> Iterator[Server]:
    """Run an Alertmanager that tells the product by all three doors."""
    keys = {
        kind: product.json("integration", "create", kind, "--name", f"am-{kind}")
        for kind in ("alertmanager", "pagerduty", "opsgenie")
    }
    config = ALERTMANAGER.replace("HOOK", keys["alertmanager"]["url"])
    config = config.replace("PAGERDUTY", keys["pagerduty"]["key"])
    config = config.replace("OPSGENIE", keys["opsgenie"]["key"]).replace("BASE", product.url)
    folder.mkdir()
    (folder / "alertmanager.yml").write_text(config)
    port = free_port()
    server = servers.start(
        [servers.program("prometheus-alertmanager"),
         f"--config.file={folder / 'alertmanager.yml'}", f"--storage.path={folder / 'data'}",
         f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="],
        url=f"http://127.0.0.1:{port}", ready="/-/ready", folder=folder,
    )  # fmt: skip
    try:
        yield server
    finally:
        server.stop()


@pytest.mark.server("prometheus")
@pytest.mark.server("prometheus-alertmanager")
def test_a_rule_that_fires_wakes_who_is_on_call_and_a_killed_engine_repeats_it_marked(
    tmp_path: Path, phone: Provider, prometheus: StartPrometheus
) -> None:
    product = Phoned(tmp_path / "data", phone=phone)
    (tmp_path / "shop.yaml").write_text(documents())
    product.start("--sample")
    product.run("user", "create", "boss", "--email", "boss@example.org", "--role", "admin")
    product.run("apply", "-f", str(tmp_path / "shop.yaml"))
    (standing,) = product.json("oncall", "who", "checkout-primary")
    (person,) = standing["people"]
    number = f"+4721000{CHECKOUT.index(person):03}"
    try:
        phone.faults[MESSAGES].append("silence")
        with alertmanager(product, tmp_path / "alertmanager") as peer:
            (tmp_path / "rules.yml").write_text(RULES)
            config = PROMETHEUS.replace("RULES", str(tmp_path / "rules.yml"))
            prometheus(
                config=config.replace("ALERTMANAGER", peer.url.rpartition(":")[2]),
                flags=["--rules.alert.resend-delay=1s"],
            )

            assert eventually(lambda: texts(phone, number)), product.log()[-2000:]
            product.kill()  # with the call on the wire: nobody knows what came of it
            product.start("--sample")

            # The page that was on the wire; others of that moment may be marked as well.
            page = texts(phone, number)[0].splitlines()[-1]
            again = eventually(
                lambda: [text for text in texts(phone, number)[1:] if text.endswith(page)]
            )
            assert len(again) == 1, texts(phone, number)
            assert "(may repeat)" in again[0]
            opened = eventually(lambda: by_door(product))
            assert {row["integration"] for row in opened} == {
                "am-alertmanager", "am-pagerduty", "am-opsgenie",
            }  # fmt: skip
            assert all(row["state"] == "firing" for row in opened)

        product.run("integration", "create", "generic", "--name", "hand")
        product.run("alert", "send", "hand", "--title", "Nobody has this", "--service", "ghost")
        boss = eventually(lambda: texts(phone, f"+4721000{len(CHECKOUT):03}"))
        assert any("Nobody has this" in text for text in boss), boss
    finally:
        product.stop()


def by_door(product: Product) -> list[dict[str, Any]]:
    """Return what opened, once it did by all three doors."""
    rows = [r for r in product.json("alert", "list") if r["integration"].startswith("am-")]
    return rows if len({row["integration"] for row in rows}) == 3 else []
