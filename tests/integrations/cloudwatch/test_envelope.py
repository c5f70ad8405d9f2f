"""What is signed, and which addresses are asked."""

import json
from typing import Any

import pytest

from tests.integrations.cloudwatch.signing import ALARM, Signer
from watchkeeper.integrations.cloudwatch.domain import envelope
from watchkeeper.kernel.errors import InvalidError

HOSTS = ("sns.*.amazonaws.com", "sns.*.amazonaws.com.cn", "proxy.example.org:8443")


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("subject", ["ALARM", None])
def test_what_was_signed_is_verified(key_pair: Signer, version: str, subject: str | None) -> None:
    body = key_pair.notification(ALARM, version=version, subject=subject)

    envelope.verify(envelope.read(body), key_pair.key.public_key())


@pytest.mark.parametrize("kind", ["SubscriptionConfirmation", "UnsubscribeConfirmation"])
def test_what_asks_for_a_subscription_is_verified(key_pair: Signer, kind: str) -> None:
    told = envelope.read(key_pair.asking(kind, "https://sns.eu-west-1.amazonaws.com/?a=b"))

    envelope.verify(told, key_pair.key.public_key())
    assert told.subscribe_url.endswith("?a=b")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"Message": json.dumps(ALARM | {"NewStateValue": "OK"})}, "not from Amazon SNS"),
        ({"TopicArn": "arn:aws:sns:eu-west-1:999999999999:other"}, "not from Amazon SNS"),
        ({"Subject": "another"}, "not from Amazon SNS"),
        ({"SignatureVersion": "2"}, "not from Amazon SNS"),
        ({"SignatureVersion": "3"}, "SignatureVersion"),
        ({"Signature": "%%%"}, "Base64"),
        ({"Signature": ""}, "not from Amazon SNS"),
    ],
)
def test_what_was_changed_is_not(key_pair: Signer, change: dict[str, Any], told: str) -> None:
    body = key_pair.notification(ALARM) | change

    with pytest.raises(InvalidError, match=told):
        envelope.verify(envelope.read(body), key_pair.key.public_key())


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (ALARM, "raw message delivery"),
        ([], "no message of Amazon SNS"),
        ({"Type": ["Notification"]}, "no message of Amazon SNS"),
        ({"Type": "Other"}, "no message of Amazon SNS"),
        ({"Type": "Notification"}, "has no"),
    ],
)
def test_what_is_no_envelope_is_refused(body: Any, told: str) -> None:
    with pytest.raises(InvalidError, match=told):
        envelope.read(body)


@pytest.mark.parametrize(
    ("url", "is_exact"),
    [
        ("https://sns.eu-west-1.amazonaws.com/x.pem", False),
        ("https://SNS.eu-west-1.amazonaws.com:443/x.pem", False),
        ("https://sns.cn-north-1.amazonaws.com.cn/x.pem", False),
        ("https://proxy.example.org:8443/x.pem", True),
    ],
)
def test_hosts_that_the_settings_name_are_asked(url: str, *, is_exact: bool) -> None:
    assert envelope.place_of(url, HOSTS) == envelope.Place(url, is_exact)


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.eu-west-1.amazonaws.com/x.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/x.pem",
        "https://sns.eu-west-1.amazonaws.com.example.org/x.pem",
        "https://sns.a.b.amazonaws.com/x.pem",
        "https://sns..amazonaws.com/x.pem",
        "https://example.org/sns.eu-west-1.amazonaws.com",
        "https://sns.eu-west-1.amazonaws.com@example.org/x.pem",
        "https://user:x@sns.eu-west-1.amazonaws.com/x.pem",
        "https://example.org\\@sns.eu-west-1.amazonaws.com/x.pem",
        "https://proxy.example.org/x.pem",
        "https://127.0.0.1/x.pem",
        "http://127.0.0.1:8080/x.pem",
        "ftp://sns.eu-west-1.amazonaws.com/x.pem",
        "https://[::1/x.pem",
        "https://sns.eu-west-1.amazonaws.com:99999/",
        "",
    ],
)
def test_no_other_address_is_asked(url: str) -> None:
    with pytest.raises(InvalidError):
        envelope.place_of(url, HOSTS)


def test_loopback_is_asked_only_if_named_and_then_on_any_port() -> None:
    for named in ("127.0.0.1", "127.0.0.1:9"):
        assert envelope.place_of("http://127.0.0.1:8080/x", [named]).is_exact
