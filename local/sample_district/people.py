"""Invents people: names from a seed, and unique usernames."""

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from local.sample_district.records import User

GRADES = tuple(f"{grade:02d}" for grade in range(1, 9))
GIVEN = """
    Ada Ben Chloé Daan Elif Finn Grace Hugo Inès José Kaito Lena Mila Noor Oskar Priya Quinn Rosa
    Søren Tara Uma Viktor Wanda Xaver Yara Zoë
""".split()  # noqa: SIM905  # easier to read than a list
FAMILY = """
    Abbott Brandt Castillo Dubois Eriksen Fischer García Haddad Ivanova Jansen Kowalski López
    Müller Nakamura O'Neill Petrov Quist Rossi Singh Tanaka Usman Vasquez Weber Xu Yilmaz Zając
""".split()  # noqa: SIM905  # easier to read than a list


class People:
    """A source of people; the same seed gives the same people."""

    def __init__(self, seed: int | str, known: Iterable[User] = ()) -> None:
        self._random = random.Random(seed)
        self._taken = {user.username for user in known}
        self._tried: Counter[str] = Counter()

    def person(self, sourced_id: str, role: str, orgs: tuple[str, ...]) -> User:
        """Invent a person."""
        given, family = self._random.choice(GIVEN), self._random.choice(FAMILY)
        username = self._username(f"{given[0]}{family}")
        return User(
            sourced_id=sourced_id,
            username=username,
            given_name=given,
            family_name=family,
            role=role,
            orgs=orgs,
            identifier=f"ID-{sourced_id}",
            email=f"{username}@springfield.example",
        )

    def pupils(
        self, numbers: range, schools: Sequence[str], grades: Sequence[str]
    ) -> Iterator[User]:
        """Invent pupils across schools and grades; a few are disabled or have no e-mail."""
        for at, number in enumerate(numbers):
            pupil = self.person(f"pupil-{number:06d}", "student", (schools[at % len(schools)],))
            yield replace(
                pupil,
                grade=grades[at // len(schools) % len(grades)],
                enabled=number % 97 != 0,
                email=None if number % 10 == 0 else pupil.email,
                preferred_name=pupil.given_name[:3] if number % 15 == 0 else None,
            )

    def _username(self, name: str) -> str:
        base = "".join(c for c in name.lower() if c.isascii() and c.isalpha())
        while True:
            self._tried[base] += 1
            tried = self._tried[base]
            username = base if tried == 1 else f"{base}{tried}"
            if username not in self._taken:
                self._taken.add(username)
                return username
