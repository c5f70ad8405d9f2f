"""What templates may say."""

import datetime as dt
from decimal import Decimal

import pytest
from django import forms
from django.template import Context, Template
from django.test import RequestFactory

from watchkeeper.ui.domain import times
from watchkeeper.ui.domain.numbers import THIN

NOW = dt.datetime(2026, 11, 17, 2, 42, 10, tzinfo=dt.UTC)


def said(source: str, **context: object) -> str:
    place = {"now": NOW, "zone": times.zone("Europe/Oslo"), **context}
    return Template(source).render(Context(place))


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ sli|ratio:objective }}", f"99.93{THIN}%"),
        ("{{ objective|objective }}", f"99.9{THIN}%"),
        ("{{ 0.3529|share }}", f"35.2{THIN}%"),
        ("{{ 57.41|burn }} {{ 14.4|factor }}", "57.4x 14.4x"),
        ("{{ 984|duration }}", f"16{THIN}min 24{THIN}s"),
        ("{{ 17451973|count }} {{ 12412|compact }}", f"17,451,973 12.4{THIN}k"),
        ("{{ 0.012|points }}", f"+1.2{THIN}pt"),
        ("{% coverage 0.97 %}", f"97{THIN}% of minutes"),
        ("{{ 'no_data'|look }} {{ 'burning'|look:'ticket' }}", "nodata watch"),
        ("{{ 29389602|minute|date:'c' }}", "2025-11-17T10:42:00+00:00"),
    ],
)
def test_values_are_written_by_the_rules_of_the_house(source: str, text: str) -> None:
    assert said(source, sli=Decimal("0.99935"), objective=Decimal("0.999")) == text


def test_a_state_is_said_by_shape_colour_and_word() -> None:
    html = said("{% badge status severity='ticket' %}", status="burning")

    assert "#m-watch" in html
    assert "wk-bg-watch" in html
    assert html.endswith("Burning slowly</span>")


def test_what_is_unknown_says_why_to_eyes_and_ears() -> None:
    html = said('{% figure sli|ratio:0.999 "source silent since 10:42" %}', sli=None)

    assert 'title="source silent since 10:42"' in html
    assert "visually-hidden" in html


def test_near_times_are_relative_and_kept_fresh_with_the_exact_one_on_hover() -> None:
    html = said("{% when at %}", at=NOW - dt.timedelta(minutes=12))

    assert f">12{THIN}min ago</time>" in html
    assert "data-relative" in html
    assert 'title="Tue 17 Nov 2026, 03:30:10 CET"' in html


def test_far_times_are_exact_with_their_zone() -> None:
    html = said("{% when at %}", at=NOW - dt.timedelta(days=40))

    assert ">Thu 8 Oct 2026, 04:42 CEST</time>" in html
    assert "data-relative" not in html


@pytest.mark.parametrize("tag", ["ago", "when", "exact", "at"])
def test_what_never_happened_says_so(tag: str) -> None:
    assert "never" in said(f"{{% {tag} at %}}", at=None)


def test_names_are_escaped_wherever_they_stand() -> None:
    evil = '"><script>alert(1)</script>'
    html = said(
        "{% state 'ok' name %}{% unknown name %}{% avatar name %}{% tide 0.5 'ok' name name %}"
        "{% coverage_strip covered name %}",
        name=evil,
        covered=[True],
    )

    assert "<script" not in html


def test_a_query_keeps_what_it_does_not_change_and_drops_what_is_emptied() -> None:
    request = RequestFactory().get("/slos/", {"team": "checkout", "cursor": "x", "status": "ok"})
    source = "{% query status='burning' cursor='' %}"

    assert Template(source).render(Context({"request": request})) in {
        "?team=checkout&amp;status=burning",
        "?status=burning&amp;team=checkout",
    }


def test_an_icon_that_is_not_shipped_is_a_mistake_and_not_a_blank() -> None:
    with pytest.raises(KeyError):
        said("{% icon 'unicorn' %}")


class ObjectiveForm(forms.Form):
    objective = forms.DecimalField(help_text="For example 99.9.", min_value=1)
    method = forms.ChoiceField(widget=forms.RadioSelect, choices=[("o", "Occurrences")])
    note = forms.CharField(required=False)


def test_a_field_ties_its_label_help_and_error_together() -> None:
    form = ObjectiveForm({"objective": "0", "method": "o"})
    html = said("{% field form.objective '%' %}", form=form)

    assert '<label class="form-label" for="id_objective">' in html
    assert 'aria-describedby="id_objective_help id_objective_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_objective_error"' in html
    assert "<span>%</span>" in html


def test_choices_stand_in_a_named_group_and_what_may_be_left_out_says_so() -> None:
    form = ObjectiveForm()

    assert "<legend" in said("{% field form.method %}", form=form)
    assert "(optional)" in said("{% field form.note %}", form=form)


def test_a_refused_form_sums_its_errors_with_links() -> None:
    html = said('{% include "ui/_form.html" with submit="Save" %}', form=ObjectiveForm({}))

    assert 'href="#id_objective"' in html
    assert 'role="alert"' in html
    assert "What you typed is still here" in html
