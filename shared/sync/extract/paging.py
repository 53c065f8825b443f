"""Reads a collection page by page until its end is proven, in the face of what servers do.

A short page proves nothing: servers cap ``limit`` without a word. The end is a page without rows,
or a reached total that the next request does not contradict. Where the source says a total, pages
are read side by side, in steps of the size that it really gives.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pydantic import BaseModel

from shared.domain.errors import GiveUpError, ParameterRefusedError
from shared.domain.roster.collection import Collection
from shared.domain.run.run import Reason
from shared.ports.sources import Page

AT_ONCE = 5
"""Pages read side by side (Infinite Campus's bound for one consumer)."""
CAUTIOUS_LIMIT = 100
"""The standard's default page size; asked for where a source refuses a larger one."""

Fetch = Callable[[Sequence[int], int, bool], Sequence[Page]]
"""Reads the pages at some offsets: offsets, limit, whether in order."""


class Place(BaseModel):
    """Where the reading of a collection stands; it is kept between legs.

    ``step`` is the size of page that the source really gives; ``first`` the sourcedId that the
    last page began with, to notice a source that ignores ``offset``.
    """

    limit: int
    in_order: bool = True
    offset: int = 0
    total: int | None = None
    step: int = 0
    first: str | None = None
    done: bool = False


def read_on(
    collection: Collection, place: Place, fetch: Fetch
) -> Iterator[tuple[Place, list[dict[str, Any]]]]:
    """Read on from ``place``; yields the entities of each round and the place after them.

    :raises GiveUpError: the source refuses even the plainest request, or ignores ``offset``.
    """
    while not place.done:
        offsets = _next_offsets(place)
        try:
            pages = fetch(offsets, place.limit, place.in_order)
        except ParameterRefusedError as error:
            place = _ask_otherwise(place, error)
            if place.done:
                yield place, []
            continue
        entities: list[dict[str, Any]] = []
        for offset, page in zip(offsets, pages, strict=True):
            if offset != place.offset or place.done:
                break  # the page before was shorter or longer than the others: read on from there
            place = _after(collection, place, page)
            if place.offset > offset:
                entities.extend(page.entities)
        yield place, entities


def _next_offsets(place: Place) -> list[int]:
    if place.total is None or not place.step:
        return [place.offset]
    ahead = range(place.offset, place.total, place.step)
    return list(ahead[:AT_ONCE]) or [place.offset]


def _ask_otherwise(place: Place, error: ParameterRefusedError) -> Place:
    """Find what a source that refuses a request accepts: another limit, another order, or less."""
    at_end = place.total is not None and place.offset >= place.total > 0
    if at_end:
        return place.model_copy(update={"done": True})
    if error.status == 404 or place.offset:
        raise GiveUpError(error.reason) from error
    if place.limit > CAUTIOUS_LIMIT and place.in_order:
        return place.model_copy(update={"limit": CAUTIOUS_LIMIT})
    if place.in_order:
        return place.model_copy(update={"in_order": False})
    raise GiveUpError(error.reason) from error


def _after(collection: Collection, place: Place, page: Page) -> Place:
    rows = len(page.entities)
    total = page.total if page.total is not None else place.total
    if not rows:
        return place.model_copy(update={"done": True, "total": total})
    first = _sourced_id(page.entities[0])
    if place.offset and first is not None and first == place.first:
        if total is not None and place.offset >= total:
            # A source without paging gives everything again; all of it was read already.
            return place.model_copy(update={"done": True})
        raise GiveUpError(offset_ignored(collection))
    return place.model_copy(
        update={
            "offset": place.offset + rows,
            "total": total,
            "step": max(place.step, rows),
            "first": first,
        }
    )


def _sourced_id(entity: dict[str, Any]) -> str | None:
    value = entity.get("sourcedId")
    return None if value is None else str(value)


def offset_ignored(collection: Collection) -> Reason:
    """The same page comes for every offset."""
    return Reason(
        code="offset_ignored",
        message=f"The source gives the same {collection} for every page, so that the rest cannot "
        "be read. Ask the vendor.",
    )
