"""Tries a REST source for a connection test."""

from collections.abc import Callable
from typing import Any

from shared.domain.counted import records_of, sentence
from shared.domain.errors import GiveUpError, ParameterRefusedError, SourceBusyError
from shared.domain.group.connection_test import Probe
from shared.domain.group.group import Group, GroupConfig
from shared.domain.group.secrets import SecretName
from shared.domain.roster.collection import Collection
from shared.groups.failed_probe import failed_probe
from shared.ports.sources import Page, Source

ORGS_SHOWN = 100


def try_source(
    group: Group,
    open_source: Callable[[GroupConfig, str], Source],
    secrets: dict[SecretName, str],
) -> list[Probe]:
    """Read the first page of each collection, and compare the client partner id with the orgs."""
    source = open_source(group.config, secrets[SecretName.SECRET_KEY])
    probes: list[Probe] = []
    for collection in Collection:
        limit = ORGS_SHOWN if collection is Collection.ORGS else 1
        try:
            page = source.page(collection, offset=0, limit=limit, in_order=False)
        except (GiveUpError, SourceBusyError, ParameterRefusedError) as error:
            probes.append(failed_probe(collection.value, error.reason))
            if collection is Collection.ORGS:
                return probes  # the other collections would fail in the same way
            continue
        probes.append(_found(collection, page))
        if collection is Collection.ORGS:
            probes.append(_client_partner(group.config, page))
    if learned := source.learned():
        probes.append(
            Probe(name="authorization", ok=True, detail="The source accepts us.", facts=learned)
        )
    return probes


def _found(collection: Collection, page: Page) -> Probe:
    if page.total is None and page.entities:
        count = f"at least {records_of(collection, 1)}"
    else:
        count = records_of(collection, page.total or 0)
    facts = {} if page.total is None else {"count": page.total}
    ok = bool(page.entities)
    return Probe(name=collection.value, ok=ok, detail=sentence(f"{count}."), facts=facts)


def _client_partner(config: GroupConfig, page: Page) -> Probe:
    """Say whether the client partner id is among the orgs, and show orgs to choose it from."""
    shown: list[dict[str, Any]] = [
        {name: org.get(name) for name in ("sourcedId", "name", "type", "identifier")}
        for org in page.entities[:ORGS_SHOWN]
    ]
    wanted = config.client_partner_id
    there = any(wanted in (org["sourcedId"], org["identifier"]) for org in shown)
    whole = page.total is not None and page.total <= len(page.entities)
    if there:
        detail = f"{wanted} is one of the orgs."
    elif whole:
        detail = f"No org has the id {wanted}: choose one of these as clientPartnerId."
    else:
        detail = f"{wanted} is not among the first {records_of(Collection.ORGS, len(shown))}."
    return Probe(
        name="clientPartnerId",
        ok=there or not whole,
        detail=detail,
        field=None if there else "clientPartnerId",
        facts={"orgs": shown},
    )
