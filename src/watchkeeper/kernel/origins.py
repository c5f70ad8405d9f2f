"""Where an object came from."""

from enum import Enum


class Origin(Enum):
    """Provenance; what came from files is read-only on screens until it is taken over."""

    FILE = "file"
    UI = "ui"
    API = "api"
    DISCOVERED = "discovered"
    SAMPLE = "sample"
