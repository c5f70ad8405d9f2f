"""A stand-in for Amazon SNS: a key and certificate of its own, and messages as SNS writes them."""

import base64
import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"
ARN = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:High CPU"
ALARM = {
    "AlarmName": "High CPU", "AlarmDescription": "Look at the web hosts",
    "AWSAccountId": "123456789012", "NewStateValue": "ALARM", "OldStateValue": "OK",
    "NewStateReason": "Threshold Crossed: 1 datapoint [97.0] was greater than 90.0.",
    "StateChangeTime": "2026-03-02T11:58:00.000+0000", "Region": "EU (Ireland)", "AlarmArn": ARN,
    "Trigger": {"MetricName": "CPUUtilization", "Namespace": "AWS/EC2", "Period": 300,
                "Dimensions": [{"value": "i-0123456789", "name": "InstanceId"}],
                "ComparisonOperator": "GreaterThanThreshold", "Threshold": 90.0},
}  # fmt: skip
_HASHES = {"1": hashes.SHA1, "2": hashes.SHA256}


@dataclass
class Signer:
    """Signs as SNS does, with a certificate that its own authority issued."""

    key: rsa.RSAPrivateKey
    certificate: bytes
    url: str = ""

    def sign(self, text: str, version: str = "1") -> str:
        raw = self.key.sign(text.encode(), padding.PKCS1v15(), _HASHES[version]())
        return base64.b64encode(raw).decode()

    def notification(
        self, message: Any, *, version: str = "1", number: int = 1, subject: str | None = "ALARM"
    ) -> dict[str, Any]:
        """Return a notification; ``message`` becomes JSON in a string unless it is a text."""
        text = message if isinstance(message, str) else json.dumps(message)
        body = {
            "Type": "Notification", "MessageId": f"00000000-0000-0000-0000-{number:012}",
            "TopicArn": TOPIC, "Message": text, "Timestamp": "2026-03-02T11:58:01.000Z",
            "UnsubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe",
        }  # fmt: skip
        body |= {"Subject": subject} if subject is not None else {}
        names = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
        return self._signed(body, names, version)

    def asking(self, kind: str, subscribe_url: str, *, version: str = "2") -> dict[str, Any]:
        """Return a SubscriptionConfirmation or UnsubscribeConfirmation."""
        body = {
            "Type": kind, "MessageId": "00000000-0000-0000-0000-000000000009",
            "Token": "2336412f37", "TopicArn": TOPIC, "SubscribeURL": subscribe_url,
            "Message": f"You have chosen to subscribe to the topic {TOPIC}.",
            "Timestamp": "2026-03-02T11:57:00.000Z",
        }  # fmt: skip
        names = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
        return self._signed(body, names, version)

    def _signed(self, body: dict[str, Any], names: list[str], version: str) -> dict[str, Any]:
        text = "".join(f"{name}\n{body[name]}\n" for name in names if name in body)
        signature = self.sign(text, version)
        told = {"SignatureVersion": version, "Signature": signature, "SigningCertURL": self.url}
        return body | told


def make_signer(*, begins: dt.datetime, days: int = 365) -> Signer:
    """Make an authority, and a certificate that it issued."""
    authority = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An authority of tests")])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + dt.timedelta(days=days))
        .sign(authority, hashes.SHA256())
    )
    return Signer(key, certificate.public_bytes(serialization.Encoding.PEM))
