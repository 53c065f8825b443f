"""Packs built functions once, so that repeated deployments do not pack them again.

The SAM CLI compresses every function at every deployment, more than a local stack needs.
"""

import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools.build_function import folder_of
from tools.dependencies import Target, group_of, installed, zip_folder, zip_of

TEMPLATE = "template.yaml"
_CODE = re.compile(r"^(\s+CodeUri: )(\w+)$", re.MULTILINE)
_NESTED = re.compile(r"^\s+TemplateURL: (\S+)$", re.MULTILINE)


def pack(built: Path, into: Path, target: Target) -> None:
    """Write each function of a build as a zip, and the templates, which refer to the zips."""
    into.mkdir(parents=True, exist_ok=True)
    template = (built / TEMPLATE).read_text()

    def write(name: str) -> None:
        archive = into / f"{name}.zip"
        shutil.copy(zip_of(installed(group_of(folder_of(name)), target)), archive)
        zip_folder(built / name, archive, append=True)

    with ThreadPoolExecutor() as workers:
        for _ in workers.map(write, [match[2] for match in _CODE.finditer(template)]):
            pass
    for nested in _NESTED.findall(template):
        (into / nested).parent.mkdir(exist_ok=True)
        shutil.copy(built / nested, into / nested)
    (into / TEMPLATE).write_text(_CODE.sub(r"\1\2.zip", template))
