"""Addresses of the pages of SLOs; ``-`` is no name, so no SLO is hidden by a word."""

from django.urls import path

from watchkeeper.slos.views import bulk, detail, editing, exclusions, listing, minutes

app_name = "slos"
urlpatterns = [
    path("slos", listing.slo_list, name="list"),
    path("slos/-/list.csv", listing.slo_list_csv, name="csv"),
    path("slos/-/exclude", bulk.exclude, name="exclude_several"),
    path("slos/-/slos.yaml", bulk.as_code, name="several_as_code"),
    path("slos/-/new", editing.new, name="new"),
    path("slos/-/new/simple", editing.new_simple, name="new_simple"),
    path("slos/<str:name>", detail.detail, name="detail"),
    path("slos/<str:name>/minutes", minutes.minutes_page, name="minutes"),
    path("slos/<str:name>/minutes.csv", minutes.minutes_csv, name="minutes_csv"),
    path("slos/<str:name>/slo.yaml", editing.as_code, name="as_code"),
    path("slos/<str:name>/edit", editing.edit, name="edit"),
    path("slos/<str:name>/take-over", editing.take_over, name="take_over"),
    path("slos/<str:name>/remove", editing.remove, name="remove"),
    path("slos/<str:name>/exclude", exclusions.exclude, name="exclude"),
    path(
        "slos/<str:name>/exclusions/<int:exclusion_id>/withdraw",
        exclusions.withdraw,
        name="withdraw",
    ),
]
