"""Does to a bucket what S3's lifecycle would: once a day, by the rules of the template.

As the Amazon S3 User Guide has it ("Lifecycle configuration elements", "Expiring objects"):

* ``ExpirationInDays`` counts from when the version was created, whatever its tags say of it since.
  In a versioned bucket it lays a delete marker over a current version, and does nothing else.
* ``NoncurrentDays`` counts from when the version's successor was created, a delete marker or not,
  and deletes the version for good.
* Both are rounded up to the next midnight UTC. Where several rules apply, the first to be due acts.
* A delete marker that is alone goes with ``ExpiredObjectDeleteMarker``.

What this cannot show: S3 removes what is due some time after it is due, and says so.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Lifecycle:
    """The lifecycle of one bucket: ``rules`` as the processed template has them."""

    client: Any
    bucket: str
    rules: list[dict[str, Any]]

    def midnight(self, now: datetime) -> list[str]:
        """Do what is due at ``now``; tells what became of each version, and by which rule."""
        told: list[str] = []
        found: list[dict[str, Any]] = []
        for page in self.client.get_paginator("list_object_versions").paginate(Bucket=self.bucket):
            found += page.get("Versions", [])
            found += [each | {"Marker": True} for each in page.get("DeleteMarkers", [])]
        found.sort(key=lambda each: (each["Key"], each["IsLatest"], each["LastModified"]))
        for key, versions in groupby(found, key=lambda each: str(each["Key"])):
            # Newest first, each with the one that took its place.
            chain = list(versions)[::-1]
            for newer, version in zip([None, *chain], chain, strict=False):
                since = newer["LastModified"] if newer else None
                rule = self._due(version, since, now, alone=len(chain) == 1)
                if rule is None:
                    continue
                name = {} if newer is None and "Marker" not in version else _version(version)
                self.client.delete_object(Bucket=self.bucket, Key=key, **name)
                what = "deleted for good" if name else "expired"
                told.append(f"{key} {what} (rule {rule})")
        return told

    def _due(
        self, version: dict[str, Any], noncurrent_since: datetime | None, now: datetime, alone: bool
    ) -> str | None:
        for rule in self.rules:
            if rule["Status"] != "Enabled" or not version["Key"].startswith(rule.get("Prefix", "")):
                continue
            if noncurrent_since is not None:
                days = rule.get("NoncurrentVersionExpiration", {}).get("NoncurrentDays")
                since = noncurrent_since
            elif "Marker" in version:
                if alone and rule.get("ExpiredObjectDeleteMarker"):
                    return str(rule["Id"])
                continue
            else:
                days, since = rule.get("ExpirationInDays"), version["LastModified"]
            # A parameter of the template comes as text.
            if days is not None and due(since, int(days)) <= now and self._tagged(rule, version):
                return str(rule["Id"])
        return None

    def _tagged(self, rule: dict[str, Any], version: dict[str, Any]) -> bool:
        if "TagFilters" not in rule:
            return True
        if "Marker" in version:
            return False
        answer = self.client.get_object_tagging(
            Bucket=self.bucket, Key=version["Key"], **_version(version)
        )
        return all(tag in answer["TagSet"] for tag in rule["TagFilters"])


def due(since: datetime, days: int) -> datetime:
    """When S3 acts: the days added, then rounded up to the next midnight UTC."""
    end = since.astimezone(UTC) + days * DAY
    midnight = end.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight if midnight == end else midnight + DAY


def _version(version: dict[str, Any]) -> dict[str, str]:
    return {"VersionId": version["VersionId"]}
