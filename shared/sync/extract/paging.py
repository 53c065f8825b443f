"""Reads a collection page by page until its end is proven, whatever the server does.

A short page proves nothing, because servers cap ``limit`` silently. The end is a page without rows,
or a total that was reached and that the next request does not contradict. If the source gives a
total, several pages are read at once, in steps of the page size that the source really uses.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pydantic import BaseModel

from shared.domain.errors import GiveUpError, ParameterRefusedError
from shared.domain.roster.collection import Collection
from shared.domain.run.run import Reason
from shared.ports.sources import Page

AT_ONCE = 5
"""How many pages are read at once (Infinite Campus's limit for one consumer)."""
CAUTIOUS_LIMIT = 100
"""The standard's default page size, for a source that refuses a larger one."""

Fetch = Callable[[Sequence[int], int, bool], Sequence[Page]]
"""Reads the pages at some offsets, with a limit, and in order if the last argument is true."""


class Place(BaseModel):
    """Where the reading of a collection stands. It is kept between legs.

    ``limit``: how many entities each request asks for.
    ``in_order``: whether requests ask for an order, without which nothing proves an end.
    ``offset``: where the next page begins.
    ``total``: how many entities the source says it has; None if it says nothing.
    ``step``: the page size that the source really uses; 0 until it is known.
    ``first``: the sourcedId that the last page began with, to notice that ``offset`` is ignored.
    ``done``: whether the end has been reached.
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
    """Read on from a place; yields the place after each round, and the entities of that round.

    :raises GiveUpError: the source refuses even the simplest request, or ignores ``offset``.
    """
    while not place.done:
        offsets = _next_offsets(place)
        try:
            pages = fetch(offsets, place.limit, place.in_order)
        except ParameterRefusedError as error:
            place = _simplify(place, error)
            if place.done:
                yield place, []
            continue
        entities: list[dict[str, Any]] = []
        for offset, page in zip(offsets, pages, strict=True):
            if offset != place.offset or place.done:
                break  # the page before had another size than expected: read on where it ended
            place = _after(collection, place, page)
            if place.offset > offset:
                entities.extend(page.entities)
        yield place, entities


def _next_offsets(place: Place) -> list[int]:
    if place.total is None or not place.step:
        return [place.offset]
    ahead = range(place.offset, place.total, place.step)
    return list(ahead[:AT_ONCE]) or [place.offset]


def _simplify(place: Place, error: ParameterRefusedError) -> Place:
    """Find what a source accepts that refused a request: a smaller limit, or no order."""
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
            # A source without paging sends everything again; all of it has been read.
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
    """Say that the source sends the same page for every offset."""
    return Reason(
        code="offset_ignored",
        message=f"The source sends the same {collection} for every page, so the rest cannot be "
        "read. Ask the vendor.",
    )
