"""A person that was applied from a file is paged by the running product."""

import hashlib
import hmac
import json
from pathlib import Path

from tests.notifications.provider import provider
from tests.product import Product

PERSON = """
{apiVersion: watchkeeper/v1, kind: Person, metadata: {name: alice}, spec: {email: a@example.org,
timeZone: Europe/Berlin, contacts: [{name: hook, channel: webhook, address: 'ADDRESS',
verified: true, secret: key-of-alice}], rules: {high: [{contact: hook, after: 0m}],
low: [{contact: hook, after: 0m}]}}}
"""


def test_a_test_page_reaches_the_phone_signed_and_once(tmp_path: Path) -> None:
    product = Product(tmp_path / "data")
    with provider(tmp_path / "calls") as phone:
        file = tmp_path / "alice.yaml"
        file.write_text(PERSON.replace("ADDRESS", phone.url("/alice")))
        product.run("apply", "-f", str(file))
        product.start()
        try:
            [page] = product.json("page", "test", "alice", "--contact", "hook")
            assert (page["state"], page["attempts"][0]["outcome"]) == ("delivered", "accepted")
        finally:
            product.stop()

    [call] = phone.calls()
    assert call["headers"]["idempotency-key"] == page["page_id"]
    unix, _, sealed = call["headers"]["watchkeeper-signature"][2:].partition(",v1=")
    text = f"{unix}.{call['body']}".encode()
    assert hmac.new(b"key-of-alice", text, hashlib.sha256).hexdigest() == sealed
    body = json.loads(call["body"])
    assert (body["person"], body["is_test"], body["may_repeat"]) == ("alice", True, False)


def test_a_page_that_was_asked_for_while_no_engine_ran_goes_out_when_one_does(
    tmp_path: Path,
) -> None:
    product = Product(tmp_path / "data")
    with provider(tmp_path / "calls") as phone:
        file = tmp_path / "alice.yaml"
        file.write_text(PERSON.replace("ADDRESS", phone.url("/alice")))
        product.run("apply", "-f", str(file))
        asked = product.run("page", "test", "alice", "--wait", "0", "--json", check=False)
        assert asked.returncode == 1
        [page] = json.loads(asked.stdout)
        assert page["state"] == "scheduled"
        product.start()
        try:
            deadline = 100
            while not phone.calls() and deadline:
                product.run("version")
                deadline -= 1
            assert phone.counts() == {page["page_id"]: 1}
        finally:
            product.kill()
