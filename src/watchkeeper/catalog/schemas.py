"""The JSON of the catalogue."""

from ninja import Schema
from pydantic import Field


class ServiceIn(Schema):
    """A service."""

    title: str = Field("", max_length=200)
    description: str = Field("", max_length=10_000)
    tier: int | None = Field(None, ge=0, le=3)
    lifecycle: str = Field("", max_length=60)
    owner: str | None = Field(None, description="Name of the team.")
    on_call_url: str = Field("", max_length=1000)
    runbook_url: str = Field("", max_length=1000)
    repository_url: str = Field("", max_length=1000)
    chat_channel: str = Field("", max_length=200)
    labels: dict[str, str] = Field({}, description="Free pairs.")
    hard: list[str] = Field([], max_length=500, description="What it cannot do without.")
    soft: list[str] = Field([], max_length=500, description="What it can do without.")


class ServiceOut(ServiceIn):
    """A service as it is."""

    name: str
    owner: str | None = Field(None, validation_alias="owner_name")
    origin: str


class JourneyIn(Schema):
    """A journey."""

    title: str = Field("", max_length=200)
    owner: str | None = None
    services: list[str] = Field(max_length=200)


class JourneyOut(JourneyIn):
    """A journey as it is."""

    name: str
    owner: str | None = Field(None, validation_alias="owner_name")
    origin: str


class CatalogFindingOut(Schema):
    """What is wrong with the catalogue."""

    kind: str
    subject: str
    detail: str
