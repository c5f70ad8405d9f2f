"""Amazon SNS on loopback and a running product: subscribed, verified; a kill loses nothing."""

import datetime as dt
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from tests.databases import new_database
from tests.integrations.cloudwatch.signing import ALARM, Signer, make_signer
from tests.product import Product
from watchkeeper.kernel import clock

CERTIFICATE = "/SimpleNotificationService-0a1b2c.pem"


@dataclass
class Near(Product):
    """A product that takes this host for Amazon."""

    def environment(self) -> dict[str, str]:
        return super().environment() | {"WATCHKEEPER_SNS_CERT_HOSTS": "127.0.0.1,localhost"}


@pytest.fixture(params=["sqlite", "postgresql"])
def product(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Near]:
    (tmp_path / "data").mkdir()
    url = None
    if request.param == "postgresql":
        url = new_database(f"sns_{abs(hash(str(tmp_path)))}")
    made = Near(tmp_path / "data", database_url=url)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def sns(httpserver: HTTPServer) -> Signer:
    signer = make_signer(begins=clock.now() - dt.timedelta(days=1))
    httpserver.expect_request(CERTIFICATE).respond_with_data(signer.certificate)
    signer.url = httpserver.url_for(CERTIFICATE)
    return signer


def eventually(holds: Callable[[], bool], *, seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.2)


def test_a_topic_is_subscribed_and_its_alarms_open_and_end_alerts(
    product: Near, sns: Signer, httpserver: HTTPServer
) -> None:
    made = product.json("integration", "create", "cloudwatch", "--name", "aws")
    door = f"/in/cloudwatch/{made['key']}"
    httpserver.expect_request("/confirm").respond_with_data("<ConfirmSubscriptionResponse/>")

    def calls() -> int:
        return sum(request.path == "/confirm" for request, _ in httpserver.log)

    asking = sns.asking("SubscriptionConfirmation", httpserver.url_for("/confirm?Token=1"))

    assert product.request("POST", door, body=asking)[0] == 202
    product.kill()
    product.start()
    eventually(lambda: calls() > 0)
    answers = [
        product.request("POST", door, body=body)
        for body in (
            sns.notification(ALARM),
            sns.notification(ALARM),
            sns.notification(ALARM) | {"Message": "changed"},
        )
    ]
    (row,) = product.json("alert", "list")
    ended = product.request(
        "POST", door, body=sns.notification(ALARM | {"NewStateValue": "OK"}, number=2)
    )

    assert [status for status, _ in answers] == [202, 202, 403]
    assert [told["events"][0]["verdict"] for _, told in answers[:2]] == ["opened", "deduped"]
    assert "not known to be from Amazon SNS" in answers[2][1]["detail"]
    assert (row["title"], row["count"]) == ("High CPU", 1)
    assert (ended[0], ended[1]["events"][0]["verdict"]) == (202, "resolved")
    assert calls() == 1
