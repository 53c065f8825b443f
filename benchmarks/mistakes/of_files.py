"""Mistakes in the files of a bundle: cut, damaged, with another header."""

import csv
import io
from collections.abc import Callable

from benchmarks.mistakes.kinds import Kinds, Spot
from benchmarks.nights.story import ONLY_BUNDLE, Files, Night, Truth

FILES = Kinds()
_LARGE_FILES = ("users.csv", "classes.csv", "enrollments.csv", "roles.csv")
_NAMES = {
    "users.csv": ("username", "givenName", "familyName", "enabledUser", "identifier"),
    "enrollments.csv": ("role", "beginDate", "endDate", "userSourcedId"),
    "classes.csv": ("title", "schoolSourcedId", "termSourcedIds"),
    "roles.csv": ("role", "orgSourcedId", "userSourcedId"),
}
"""The columns that a mistake is about, of each file."""


def _spoiled(spot: Spot, spoil: Callable[[Files], Files]) -> tuple[Night]:
    return (Night(spot.district, Truth(spot.district), spoil=spoil),)


def _in_lines(
    spot: Spot, name: str, change: Callable[[list[bytes]], list[bytes]], end: bytes = b"\r\n"
) -> tuple[Night]:
    """Change the lines of a file; the header is the first."""

    def spoil(files: Files) -> Files:
        lines = files[name].split(b"\r\n")[:-1]
        return files | {name: b"\r\n".join(change(lines)) + end}

    return _spoiled(spot, spoil)


def _in_cells(
    spot: Spot, name: str, change: Callable[[list[dict[str, str]]], list[dict[str, str]]]
) -> tuple[Night]:
    """Change the cells of a file, as a spreadsheet or a script would."""

    def spoil(files: Files) -> Files:
        rows = change(list(csv.DictReader(io.StringIO(files[name].decode(), newline=""))))
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        return files | {name: text.getvalue().encode()}

    return _spoiled(spot, spoil)


def _one_file(spot: Spot) -> str:
    return spot.random.choice(_LARGE_FILES)


@FILES.kind("A file is cut off in the middle of a row.", ways=ONLY_BUNDLE)
def _cut(spot: Spot) -> tuple[Night]:
    def cut(lines: list[bytes]) -> list[bytes]:
        kept = lines[: max(2, len(lines) - spot.count(lines[1:]) + 1)]
        return [*kept[:-1], kept[-1][: len(kept[-1]) // 2]]

    return _in_lines(spot, _one_file(spot), cut, end=b"")


@FILES.kind("A file is cut off after a whole row.", ways=ONLY_BUNDLE)
def _half(spot: Spot) -> tuple[Night]:
    return _in_lines(
        spot, _one_file(spot), lambda lines: lines[: len(lines) - spot.count(lines[1:])]
    )  # fmt: skip


@FILES.kind("A quote is opened and never closed.", ways=ONLY_BUNDLE)
def _quote(spot: Spot) -> tuple[Night]:
    def unclosed(lines: list[bytes]) -> list[bytes]:
        at = max(1, len(lines) - spot.count(lines[1:]))
        cells = lines[at].split(b",")
        cells[-1] = b'"' + cells[-1]
        return [*lines[:at], b",".join(cells), *lines[at + 1 :]]

    return _in_lines(spot, _one_file(spot), unclosed)


@FILES.kind("Rows come twice.", ways=ONLY_BUNDLE)
def _doubled(spot: Spot) -> tuple[Night]:
    return _in_lines(
        spot, _one_file(spot), lambda lines: lines + lines[-spot.count(lines[1:]) :]
    )  # fmt: skip


@FILES.kind("Commas are missing in rows, so that their cells slip to the left.", ways=ONLY_BUNDLE)
def _slipped(spot: Spot) -> tuple[Night]:
    name = _one_file(spot)

    def slip(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        columns = list(rows[0])
        at = spot.random.randint(3, len(columns) - 1)
        some = {row["sourcedId"] for row in spot.some(rows)}
        return [
            dict(
                zip(
                    columns,
                    [*list(row.values())[:at], *list(row.values())[at + 1 :], ""],
                    strict=True,
                )
            )
            if row["sourcedId"] in some
            else row
            for row in rows
        ]

    return _in_cells(spot, name, slip)


@FILES.kind("A column is missing, with its header.", ways=ONLY_BUNDLE)
def _no_column(spot: Spot) -> tuple[Night]:
    name = _one_file(spot)
    column = spot.random.choice(_NAMES[name])

    def drop(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        return [{k: v for k, v in row.items() if k != column} for row in rows]

    return _in_cells(spot, name, drop)


@FILES.kind("A column is empty in rows.", ways=ONLY_BUNDLE)
def _empty_column(spot: Spot) -> tuple[Night]:
    name = _one_file(spot)
    column = spot.random.choice(_NAMES[name])

    def empty(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        some = {row["sourcedId"] for row in spot.some(rows)}
        return [row | {column: ""} if row["sourcedId"] in some else row for row in rows]

    return _in_cells(spot, name, empty)


@FILES.kind("Two headers of a file have changed places.", ways=ONLY_BUNDLE)
def _headers(spot: Spot) -> tuple[Night]:
    name = _one_file(spot)
    one, other = spot.random.sample(_NAMES[name], 2)
    swap = {one: other, other: one}

    def swapped(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        return [{column: row[swap.get(column, column)] for column in row} for row in rows]

    return _in_cells(spot, name, swapped)


@FILES.kind("A spreadsheet has turned ids into numbers: 1.23E+05.", ways=ONLY_BUNDLE)
def _numbers(spot: Spot) -> tuple[Night]:
    name = _one_file(spot)

    def damage(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        some = {row["sourcedId"] for row in spot.some(rows)}
        return [row | {"sourcedId": "1.23E+05"} if row["sourcedId"] in some else row
                for row in rows]  # fmt: skip

    return _in_cells(spot, name, damage)


@FILES.kind("A file is missing, and the manifest says that it is absent.", ways=ONLY_BUNDLE)
def _absent(spot: Spot) -> tuple[Night]:
    name = _one_file(spot)

    def spoil(files: Files) -> Files:
        line = f"file.{name.removesuffix('.csv')},"
        manifest = files["manifest.csv"].replace(f"{line}bulk".encode(), f"{line}absent".encode())
        left = {each: text for each, text in files.items() if each != name}
        return left | {"manifest.csv": manifest}

    return _spoiled(spot, spoil)


@FILES.kind("A file has a header and nothing else.", ways=ONLY_BUNDLE)
def _header_only(spot: Spot) -> tuple[Night]:
    return _in_lines(spot, _one_file(spot), lambda lines: lines[:1])


@FILES.kind("A bundle of a part comes as a whole one.", ways=ONLY_BUNDLE)
def _delta_as_bulk(spot: Spot) -> tuple[Night]:
    d = spot.district
    kept = {
        name: d.records(name)[spot.count(d.records(name)) :]
        for name in ("classes", "users", "enrollments")
    }
    return (Night(d.having(**kept), Truth(d)),)
