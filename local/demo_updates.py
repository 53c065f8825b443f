"""The demo's last part: pupils who have left, and a source that is suddenly half empty."""

from typing import Any

from local.api import Api
from local.progress import BOLD, DIM, GREEN, RED, paint
from local.run_view import sync
from local.sample_district.evolution import without_users
from local.sample_district.roster import District
from local.sample_district.server import DistrictServer

LEAVERS = 7

Json = dict[str, Any]


def show_updates(api: Api, group_id: str, server: DistrictServer) -> bool:
    """Update after a few pupils have left, then from a broken source; True if all counts are right.

    Afterwards the source has its whole district again.
    """
    district = server.district
    pupils = [user.sourced_id for user in district.users if user.role == "student"]
    left = without_users(district, pupils[:: len(pupils) // LEAVERS][:LEAVERS])
    gone = _differences(district, left)

    print(paint(f"\nAn update, after {LEAVERS} pupils have left the school", BOLD))
    server.district = left
    run = sync(api, group_id, "update")
    good = _column(run, "deleted", gone)

    half = without_users(left, pupils[::2])
    missing = _differences(left, half)
    print(paint("\nAn update from a source that is suddenly half empty", BOLD))
    server.district = half
    run = sync(api, group_id, "update", state="Held")
    good = _column(run, "held", missing) and _column(run, "deleted", {}) and good
    print(f"  {run['reason']['message']}")
    hold = api.get(f"/groups/{group_id}/hold")
    print(f"  Held records by school {paint('(GET /groups/{id}/hold)', DIM)}")
    schools = [row for row in hold["bySchool"] if row["entity"] == "users"]
    for row in sorted(schools, key=lambda row: str(row["school"])):
        print(f"    {row.get('schoolName') or row['school']:<30}{row['records']:>7,} users")
    server.district = district
    return good


def _differences(before: District, after: District) -> dict[str, int]:
    counts = after.counts()
    return {n: count - counts[n] for n, count in before.counts().items() if count != counts[n]}


def _column(run: Json, column: str, expected: dict[str, int]) -> bool:
    """Print one column of a run's counts; True if it is as expected and zero elsewhere."""
    found = {name: counts[column] for name, counts in run["counts"].items() if counts[column]}
    good = found == expected
    shown = ", ".join(f"{count:,} {name}" for name, count in found.items()) or "nothing"
    print(f"  {column:<8} {shown}  {paint('✓', GREEN) if good else paint('✗', RED)}")
    return good
