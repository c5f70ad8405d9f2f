"""The JSON of the catalogue."""

from typing import Annotated

from ninja import Schema
from pydantic import AliasChoices, Field

Name = Annotated[str, Field(min_length=1, max_length=253)]
_OWNER = AliasChoices("owner_name", "owner")
"""Rows say owner_name; what was read of a row is read once more on its way out."""


class ServiceIn(Schema):
    """A service."""

    title: str = Field("", max_length=200)
    description: str = Field("", max_length=10_000)
    tier: int | None = Field(None, ge=0, le=3, description="0 matters most.")
    lifecycle: str = Field("", max_length=60)
    owner: Name | None = Field(None, description="Name of the team.")
    on_call_url: str = Field("", max_length=1000)
    runbook_url: str = Field("", max_length=1000)
    repository_url: str = Field("", max_length=1000)
    chat_channel: str = Field("", max_length=200)
    labels: dict[str, str] = Field({}, max_length=100, description="Free pairs.")
    hard: list[Name] = Field(
        [],
        max_length=500,
        description="What it cannot do without: services, outside vendors, resource:x, api:x.",
    )
    soft: list[Name] = Field([], max_length=500, description="What it can do without.")
    fallback: str = Field(
        "", max_length=1000, description="What stands in when it is gone; empty: nothing."
    )


class ServiceOut(ServiceIn):
    """A service as it is."""

    name: str
    owner: str | None = Field(None, validation_alias=_OWNER)
    origin: str = Field(description="file, ui, api, discovered or sample.")
    file: str = Field(description="The file it came from; empty: none.")
    is_taken_over: bool


class ServiceDetailOut(ServiceOut):
    """A service and what hangs on it."""

    needed_by: list[str] = Field(description="Services that name it as a dependency.")
    journeys: list[str] = Field(description="Journeys that it is part of.")


class JourneyIn(Schema):
    """A journey."""

    title: str = Field("", max_length=200)
    owner: Name | None = Field(None, description="Name of the team.")
    services: list[Name] = Field(
        max_length=200, description="In the order in which a customer meets them."
    )


class JourneyOut(JourneyIn):
    """A journey as it is."""

    name: str
    owner: str | None = Field(None, validation_alias=_OWNER)
    origin: str = Field(description="file, ui, api, discovered or sample.")
    file: str = Field(description="The file it came from; empty: none.")
    is_taken_over: bool


class CatalogFindingOut(Schema):
    """What is wrong with the catalogue."""

    kind: str
    subject: str
    detail: str
    services: list[str]
