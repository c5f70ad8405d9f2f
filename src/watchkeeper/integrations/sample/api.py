"""JSON door of the sample organisation."""

from django.http import HttpRequest
from ninja import Router, Schema

from watchkeeper.integrations.sample import usecases
from watchkeeper.kernel import clock
from watchkeeper.plumbing.rest import actor_of

router = Router(tags=["sample"])


class RemovedOut(Schema):
    """What was removed."""

    slos: int
    slis: int
    sources: int
    catalogue: int
    people: int


@router.delete("/sample", response=RemovedOut, summary="Remove the sample organisation")
def remove_sample(request: HttpRequest) -> RemovedOut:
    """Remove all sample data with its history; harmless where there is none. Admins only."""
    removed = usecases.remove(actor=actor_of(request), now=clock.now())
    return RemovedOut.model_validate(removed, from_attributes=True)
