"""Judges what a district would regret, from what was true and what the roster showed.

Nobody says by hand that a night went well. A district regrets that

* somebody who is truly there loses access: themselves, their login, role, school, a class or their
  right name;
* somebody has two records, or one record stands for two people, or somebody else takes over the
  record (with its content), or somebody comes back without theirs;
* many come in who are not of the district: at least three, and more than a tenth of its people;
* who has left keeps access two nights later, with nothing waiting and nothing kept;
* who has come has no access two nights later, with nothing waiting.

That an ordinary night waits for a person is an annoyance, and said as one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from benchmarks.nights.facts import Fact, Shown

_KINDS = {
    "person": "lost access",
    "member": "lost a class",
    "login": "lost their login",
    "role": "lost their role",
    "school": "lost their school",
    "name": "lost their name",
    "client": "lost their client partner id",
}
_STRANGERS, _STRANGERS_PERCENT = 3, 10
PERSON, CLASS = "person", "class"


@dataclass
class Judge:
    """Looks at a roster night after night.

    ``shown``: what the roster showed last.
    ``known``: everybody who was of the district at any time.
    ``regrets``: who makes the district regret what, so far.
    """

    shown: Shown
    known: set[str]
    regrets: dict[str, set[str]] = field(default_factory=dict)
    _homes: dict[tuple[str, str], set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._homes = _records_of(self.shown)

    def look(self, true: frozenset[Fact], shown: Shown) -> None:
        """Judge the roster after a night."""
        self.known |= {fact[1] for fact in true}
        lost = (self.shown.facts & true) - shown.facts
        gone = {fact[1] for fact in lost if fact[0] == "person"}
        self._say("lost access", gone)
        for kind, words in _KINDS.items():
            self._say(words, {f[1] for f in lost if f[0] == kind and f[1] not in gone})
        self._look_at_identities(shown)
        people = {fact[1] for fact in true}
        strangers = {fact[1] for fact in shown.facts} - self.known
        if len(strangers) >= _STRANGERS and len(strangers) * 100 > _STRANGERS_PERCENT * len(people):
            self._say("came in who are not of the district", strangers)
        self.shown = shown

    def end(self, true: frozenset[Fact], *, waits: bool, kept: bool) -> None:
        """Judge what has not healed after two more nights."""
        if waits:
            return
        here = self.shown.facts
        told = {"person", "member", "login"}
        late = {fact[1] for fact in true - here if fact[0] in told}
        self._say("never got what is theirs", late)
        if not kept:
            stays = {
                f[1] for f in here - true if f[0] in {"person", "member"} and f[1] in self.known
            }
            self._say("kept access for good after leaving", stays)

    def _look_at_identities(self, shown: Shown) -> None:
        before, homes = self.shown.people, _records_of(shown)
        self._say(
            "have two records",
            (n for (kind, n), f in homes.items() if kind == PERSON and len(f) > 1),
        )
        self._say("share one record", _flat(p for p in shown.people.values() if len(p) > 1))
        taken = (
            people
            for key, people in shown.people.items()
            if key in before and not people & before[key]
        )
        self._say("got somebody else's record", _flat(taken))
        for kind, words in (
            (PERSON, "came back without their content"),
            (CLASS, "of the classes came back without their content"),
        ):
            self._say(
                words,
                (
                    name
                    for (its, name), found in homes.items()
                    if its == kind and not found & self._homes.get((its, name), found)
                ),
            )
        for home, found in homes.items():
            self._homes.setdefault(home, found)

    def _say(self, words: str, those: Iterable[str]) -> None:
        if found := set(those):
            self.regrets.setdefault(words, set()).update(found)


def _records_of(shown: Shown) -> dict[tuple[str, str], set[str]]:
    """By person and by class, the ids of the records that stand for it."""
    found: dict[tuple[str, str], set[str]] = {}
    for key, people in shown.people.items():
        for person in people:
            found.setdefault((PERSON, person), set()).add(key)
    for key, room in shown.rooms.items():
        found.setdefault((CLASS, room), set()).add(key)
    return found


def _flat(groups: Iterable[frozenset[str]]) -> set[str]:
    return {each for group in groups for each in group}


def in_words(regrets: Mapping[str, set[str]]) -> str:
    """What a district regrets, for the table; empty if nothing."""
    return "; ".join(f"{len(those):,} {words}" for words, those in regrets.items())
