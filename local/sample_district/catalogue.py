"""A district's entities as served: rendered on first request, then kept."""

import threading
from typing import Any

from local.sample_district.malformed import malformed
from local.sample_district.query import names_of, select
from local.sample_district.quirks import Quirks
from local.sample_district.records import District
from local.sample_district.render import render

Json = dict[str, Any]


class Catalogue:
    """One state of a district under one set of quirks; another state needs another catalogue."""

    def __init__(self, district: District, quirks: Quirks, bases: dict[str, str]) -> None:
        self._district, self._quirks, self._bases = district, quirks, bases
        self._lists: dict[tuple[str | None, ...], list[Json]] = {}
        self._by_id: dict[tuple[str, str], dict[str, Json]] = {}
        self._lock = threading.RLock()

    def names(self, collection: str, version: str) -> frozenset[str]:
        """The fields that the entities of a collection may have."""
        return names_of(collection, self._form(version))

    def all(self, collection: str, version: str, query: dict[str, str]) -> list[Json]:
        """The entities that a query selects, in its order."""
        order = query.get("sort"), query.get("orderBy")
        key = (collection, version, query.get("filter"), *order)
        with self._lock:
            if key not in self._lists:
                entities = self._entities(collection, version)
                self._lists[key] = select(entities, query, self.names(collection, version))
            return self._lists[key]

    def one(self, collection: str, version: str, sourced_id: str) -> Json | None:
        """One entity."""
        with self._lock:
            if (collection, version) not in self._by_id:
                self._by_id[collection, version] = {
                    entity["sourcedId"]: entity for entity in self._entities(collection, version)
                }
            return self._by_id[collection, version].get(sourced_id)

    def _entities(self, collection: str, version: str) -> list[Json]:
        key = (collection, version)
        if key not in self._lists:
            form = self._form(version)
            entities = render(self._district, collection, form, self._bases[version])
            self._lists[key] = malformed(entities, collection, form, self._quirks)
        return self._lists[key]

    def _form(self, version: str) -> str:
        return "1.2" if self._quirks.role_lists_in_1p1 else version
