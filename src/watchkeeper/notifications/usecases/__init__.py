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
from watchkeeper.notifications.usecases.own_contacts import (
    ContactExistsError,
    add_contact,
    change_contact,
    remove_contact,
    save_rules,
)
from watchkeeper.notifications.usecases.recording import record
from watchkeeper.notifications.usecases.rooms import (
    RoomNotFoundError,
    forget_rooms,
    keep_rooms,
    remake_room_secret,
    retire_rooms,
    try_room,
)
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
    "ContactExistsError",
    "ContactNotFoundError",
    "NoCodeError",
    "RoomNotFoundError",
    "Saved",
    "UnknownPersonError",
    "add_contact",
    "cancel",
    "change_contact",
    "forget_rooms",
    "keep_rooms",
    "mark",
    "record",
    "remake_room_secret",
    "remake_secret",
    "remove_contact",
    "remove_paging",
    "retire_rooms",
    "save_paging",
    "save_rules",
    "schedule",
    "send_code",
    "send_test_page",
    "try_room",
    "verify",
]
