"""Which of Apprise's services may be called: those that it reaches by HTTP, and no others.

Apprise also talks to the desktop, the system's log, mail servers and raw sockets, and takes in
plug-ins. It has no word for which is which, so that the rule looks at what the code of a service
has at hand: the HTTP client, and nothing else that leads out. What is not known is refused.
"""

import sys
from types import ModuleType
from typing import Any

_CLIENT = "requests"
_OTHER_WAYS = {"socket", "smtplib", "subprocess", "ctypes", "asyncio", "ftplib", "telnetlib"}
_RAW = "apprise.utils.socket"
_BASES = {"apprise.plugins.base"}


def is_over_http(service: type[Any]) -> bool:
    """Return whether a service of Apprise is its own and reaches out by HTTP only."""
    places = {base.__module__ for base in service.__mro__ if base.__module__ not in _BASES}
    own = [place for place in places if place.startswith("apprise.plugins.")]
    if not own or service.category != "native":
        return False
    at_hand = [value for place in own for value in vars(sys.modules[place]).values()]
    modules = {value.__name__ for value in at_hand if isinstance(value, ModuleType)}
    is_raw = any(getattr(value, "__module__", "") == _RAW for value in at_hand)
    return _CLIENT in modules and not modules & _OTHER_WAYS and not is_raw
