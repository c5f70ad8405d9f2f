"""What can be done with contacts and deliveries."""

from watchkeeper.notifications.usecases.calling import Calling, mark
from watchkeeper.notifications.usecases.contacts import (
    ContactNotFoundError,
    Saved,
    UnknownPersonError,
    remake_secret,
    remove_paging,
    save_paging,
    send_test_page,
)
from watchkeeper.notifications.usecases.deliveries import KIND, LOOP, cancel, schedule
from watchkeeper.notifications.usecases.recording import record
from watchkeeper.notifications.usecases.verifying import (
    CodeLimitError,
    CodeSent,
    NoCodeError,
    send_code,
    verify,
)

__all__ = [
    "KIND",
    "LOOP",
    "Calling",
    "CodeLimitError",
    "CodeSent",
    "ContactNotFoundError",
    "NoCodeError",
    "Saved",
    "UnknownPersonError",
    "cancel",
    "mark",
    "record",
    "remake_secret",
    "remove_paging",
    "save_paging",
    "schedule",
    "send_code",
    "send_test_page",
    "verify",
]
