"""Addresses of the pages of who is on call; ``-`` is no name, so a word hides nothing."""

from django.urls import path

from watchkeeper.oncall.views import (
    answering,
    editing,
    feeds,
    now,
    overrides,
    policies,
    policy_editing,
    schedules,
)

app_name = "oncall"
urlpatterns = [
    path("calendar/<str:secret>.ics", feeds.calendar, name="calendar"),
    path("p/<str:token>", answering.answer, name="answer"),
    path("on-call", now.now_page, name="now"),
    path("on-call/-/new", editing.new, name="new"),
    path("on-call/-/mine", schedules.mine, name="mine"),
    path("on-call/-/feeds", feeds.make, name="make_feed"),
    path("on-call/-/feeds/<int:feed_id>/revoke", feeds.revoke, name="revoke_feed"),
    path("on-call/-/coverage", schedules.coverage, name="coverage"),
    path("on-call/-/policies", policies.policies, name="policies"),
    path("on-call/-/policies/<str:name>", policies.policy, name="policy"),
    path("on-call/-/policies/-/new", policy_editing.new, name="new_policy"),
    path("on-call/-/policies/<str:name>/edit", policy_editing.edit, name="edit_policy"),
    path("on-call/-/policies/<str:name>/policy.yaml", policy_editing.as_code, name="policy_code"),
    path("on-call/-/policies/<str:name>/remove", policy_editing.remove, name="remove_policy"),
    path(
        "on-call/-/policies/<str:name>/take-over",
        policy_editing.take_over,
        name="take_over_policy",
    ),
    path(
        "on-call/-/policies/<str:name>/rooms/<str:room>/secret",
        policies.room_secret,
        name="room_secret",
    ),
    path(
        "on-call/-/policies/<str:name>/rooms/<str:room>/test",
        policies.try_room,
        name="try_room",
    ),
    path("on-call/<str:name>", schedules.schedule, name="schedule"),
    path("on-call/<str:name>/edit", editing.edit, name="edit"),
    path("on-call/<str:name>/override", overrides.override, name="override"),
    path("on-call/<str:name>/overrides/<int:override_id>/end", overrides.end, name="end_override"),
    path("on-call/<str:name>/schedule.yaml", overrides.as_code, name="as_code"),
    path("on-call/<str:name>/remove", overrides.remove, name="remove"),
    path("on-call/<str:name>/take-over", overrides.take_over, name="take_over"),
]
