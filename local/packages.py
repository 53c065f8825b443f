"""Packs built functions, so that deploying them again and again does not pack them each time.

    python -m local.packages BUILD_DIR PACKED_DIR

The SAM CLI compresses every function at every deployment, harder than a local stack needs.
"""

import argparse
import re
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from local.entry import run_command

TEMPLATE = "template.yaml"
_CODE = re.compile(r"^(\s+CodeUri: )(\w+)$", re.MULTILINE)


def pack(built: Path, packed: Path) -> Path:
    """Write each function of a build as a zip, and the template that names them; returns that."""
    packed.mkdir(parents=True, exist_ok=True)
    template = (built / TEMPLATE).read_text()
    names = [match[2] for match in _CODE.finditer(template)]
    with ThreadPoolExecutor() as workers:
        for _ in workers.map(lambda name: _zip(built / name, packed / f"{name}.zip"), names):
            pass
    (packed / TEMPLATE).write_text(_CODE.sub(r"\1\2.zip", template))
    return packed / TEMPLATE


def _zip(folder: Path, file: Path) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder))


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Packs built functions.")
    parser.add_argument("built", type=Path)
    parser.add_argument("packed", type=Path)
    given = parser.parse_args()
    pack(given.built, given.packed)


if __name__ == "__main__":
    run_command(main)
