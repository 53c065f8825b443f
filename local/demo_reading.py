"""The demo's reading part: who is in which class, and assigning content."""

import re
from datetime import UTC, date, datetime
from typing import Any

from local.api import Api
from local.progress import BOLD, DIM, GREEN, RED, paint

CLASS_CONTENT, OWN_CONTENT = "course-book", "reading-list"

Json = dict[str, Any]


def show_reading(api: Api, group_id: str) -> bool:
    """Read a class and a pupil, assign content to both; True if the pupil has the right content."""
    print(paint("\nWhat the learning platform reads, and assigns", BOLD))
    base = f"/groups/{group_id}"
    # In the holidays nobody is in a class today, so ask for the day on which a membership begins.
    [membership, *_] = api.get(f"{base}/enrollments?include=past,future&limit=1")["enrollments"]
    day = membership["beginDate"]
    class_ = api.get(f"{base}/classes/{membership['classId']}")
    members = f"{base}/classes/{class_['id']}/users?on={day}&role=student"
    pupils = api.get(members)["users"]
    pupil = pupils[0]
    name = f"{pupil['givenName']} {pupil['familyName']}"
    in_classes = f"{base}/users/{pupil['id']}/classes?on={day}"
    classes = api.get(in_classes)["classes"]
    _line(f"{paint(class_['title'], BOLD)} has {len(pupils)} pupils on {day}", members)
    _line(f"{paint(name, BOLD)} is in {len(classes)} classes", in_classes)
    for path, content in (
        (f"{base}/classes/{class_['id']}/contents", CLASS_CONTENT),
        (f"{base}/users/{pupil['id']}/contents", OWN_CONTENT),
    ):
        api.ask("PUT", f"{path}/{content}", status=204)
    has_path = f"{base}/users/{pupil['id']}/contents"
    has = {
        row["contentId"]: row["from"].get("title", name) for row in api.get(has_path)["contents"]
    }
    enrolled = pupil["enrollment"]
    today = datetime.now(UTC).date()
    first, last = (date.fromisoformat(enrolled[each]) for each in ("beginDate", "endDate"))
    expected = {OWN_CONTENT} | ({CLASS_CONTENT} if first <= today <= last else set())
    good = has.keys() == expected
    mark = paint("✓", GREEN) if good else paint("✗", RED)
    _line(f"What {name} has today  {mark}", has_path)
    for content, source in has.items():
        print(f"    {content:<14}assigned to {source}")
    return bool(good and pupils and classes)


def _line(text: str, path: str) -> None:
    """Print what was read and by which call, with ids shortened."""
    called = re.sub(r"[0-9a-f]{32}", "{id}", path)
    print(f"  {text}  {paint(f'GET {called}', DIM)}")
