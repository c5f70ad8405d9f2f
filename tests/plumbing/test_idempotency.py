"""A POST with a key is done once, however often it comes."""

import datetime as dt
import threading

import pytest
from django.db import connection
from django.test import Client

from tests.conftest import FakeClock
from watchkeeper.plumbing import idempotency
from watchkeeper.plumbing.models import Fixed, IdempotentAnswer

pytestmark = pytest.mark.django_db

PATH = "/api/v1/things"


def post(
    doors: Client, name: str = "a", *, key: str | None = "key-1", user: str = "alice"
) -> tuple[int, dict[str, object], bool]:
    headers = {"X-User": user} | ({} if key is None else {"Idempotency-Key": key})
    response = doors.post(PATH, {"name": name}, content_type="application/json", headers=headers)
    return response.status_code, response.json(), "Idempotency-Replayed" in response


def test_a_repeat_is_answered_the_same_and_does_nothing(doors: Client) -> None:
    first = post(doors)
    second = post(doors)

    assert first == (200, {"number": 0, "secret": "wk-shown-once"}, False)
    assert second == (200, {"number": 0, "secret": "wk-shown-once"}, True)
    assert Fixed.objects.count() == 1


def test_without_a_key_every_post_counts(doors: Client) -> None:
    post(doors, key=None)
    post(doors, key=None)

    assert Fixed.objects.count() == 2
    assert IdempotentAnswer.objects.count() == 0


def test_keys_are_each_actors_own(doors: Client) -> None:
    assert post(doors, user="alice")[1]["number"] == 0
    assert post(doors, user="bob")[1]["number"] == 1


def test_nobody_has_no_keys(doors: Client) -> None:
    post(doors, user="charlie")

    assert IdempotentAnswer.objects.count() == 0


def test_a_key_used_for_another_request_is_refused(doors: Client) -> None:
    post(doors, "a")

    status, body, _ = post(doors, "b")

    assert status == 422
    assert "another request" in str(body["detail"])
    assert Fixed.objects.count() == 1


def test_a_refused_request_leaves_nothing_and_may_be_tried_again(doors: Client) -> None:
    assert post(doors, "refused")[0] == 409
    assert Fixed.objects.count() == 0

    assert post(doors, "refused")[2] is False
    assert post(doors, "fine")[0] == 200


@pytest.mark.parametrize("key", ["", "x" * 201, "with space", "ümlaut"])
def test_a_key_that_is_none_is_refused(doors: Client, key: str) -> None:
    assert post(doors, key=key)[0] == 422


def test_the_stored_answer_is_not_readable(doors: Client) -> None:
    post(doors)

    assert "shown" not in IdempotentAnswer.objects.get().sealed_body


def test_after_a_day_the_key_is_new_again(doors: Client, fake_clock: FakeClock) -> None:
    post(doors)
    fake_clock.travel(hours=23, minutes=59)
    assert post(doors)[2] is True

    fake_clock.travel(minutes=1)

    assert post(doors) == (200, {"number": 1, "secret": "wk-shown-once"}, False)


def test_old_answers_are_forgotten(doors: Client, fake_clock: FakeClock) -> None:
    post(doors, key="old")
    now = fake_clock.travel(hours=12)
    post(doors, key="new")

    assert idempotency.purge(now=now + dt.timedelta(hours=12)) == 1
    assert IdempotentAnswer.objects.get().key == "new"


@pytest.mark.django_db(transaction=True)
def test_twins_at_the_same_moment_are_done_once(doors: Client) -> None:
    answers: list[tuple[int, dict[str, object], bool]] = []

    def send() -> None:
        answers.append(post(Client(), key="twin"))
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [answer[0] for answer in answers] == [200] * 6
    assert sorted(answer[2] for answer in answers) == [False, True, True, True, True, True]
    assert Fixed.objects.count() == 1
