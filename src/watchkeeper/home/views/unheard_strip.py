"""What the overview says of alerts that nobody answered, in words."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from watchkeeper.alerts.queries.unheard import MOST_COUNTED, Unheard
from watchkeeper.ui.domain import numbers


@dataclass(frozen=True, slots=True)
class Strip:
    """A strip under the heading.

    Attributes:
        words: What happened.
        found: The newest of it.
        is_one: Whether it is the only one.
        url: Where to look: at the alert, or at all that fire.
    """

    words: str
    found: Unheard
    is_one: bool
    url: str


def strip(found: Unheard | None) -> Strip | None:
    """Return what is said of alerts that nobody answered; ``None``: there are none."""
    if found is None:
        return None
    is_one = found.count == 1
    url = reverse("alerts:detail", args=[found.alert])
    if not is_one:
        url = f"{reverse('alerts:list')}?{urlencode({'state': 'firing'})}"
    return Strip(_words(found), found, is_one, url)


def _words(found: Unheard) -> str:
    number = numbers.count(found.count)
    if found.count >= MOST_COUNTED:
        number = _("More than {number}").format(number=numbers.count(MOST_COUNTED - 1))
    if found.unpaged == found.count:
        words = ngettext(
            "{number} alert found nobody to page",
            "{number} alerts found nobody to page",
            found.count,
        )
        return words.format(number=number)
    words = ngettext(
        "{number} alert was answered by nobody",
        "{number} alerts were answered by nobody",
        found.count,
    )
    if found.unpaged and found.count < MOST_COUNTED:
        words += ", " + _("{unpaged} of them found nobody to page")
    return words.format(number=number, unpaged=numbers.count(found.unpaged))
