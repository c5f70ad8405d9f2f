"""JSON door of the sample organisation."""

from django.http import HttpRequest
from ninja import Router, Schema, Status

from watchkeeper.integrations.sample import queries, usecases
from watchkeeper.kernel import access, clock
from watchkeeper.kernel.access import Permission
from watchkeeper.plumbing.rest import actor_of

router = Router(tags=["sample"])


class SampleOut(Schema):
    """Whether the sample organisation is here."""

    loaded: bool


class RemovedOut(Schema):
    """What was removed."""

    slos: int
    slis: int
    sources: int
    catalogue: int
    people: int
    schedules: int
    silences: int


@router.get("/sample", response=SampleOut, summary="Whether the sample is here")
def show_sample(request: HttpRequest) -> SampleOut:
    """Return whether anything of the sample organisation is here."""
    access.require(actor_of(request), Permission.READ, what="the sample")
    return SampleOut(loaded=queries.is_loaded())


@router.post("/sample", response={201: SampleOut}, summary="Load the sample organisation")
def load_sample(request: HttpRequest) -> Status[SampleOut]:
    """Make the sample organisation with 90 days of history, beside what is here. Admins only.

    409 if it is here already, or if something else has one of its names.
    """
    now = clock.now()
    usecases.load(actor=actor_of(request), now=now)
    usecases.fill(now=now, progress=lambda text: None)
    return Status(201, SampleOut(loaded=queries.is_loaded()))


@router.delete("/sample", response=RemovedOut, summary="Remove the sample organisation")
def remove_sample(request: HttpRequest) -> RemovedOut:
    """Remove all sample data with its history; harmless where there is none. Admins only."""
    removed = usecases.remove(actor=actor_of(request), now=clock.now())
    return RemovedOut.model_validate(removed, from_attributes=True)
