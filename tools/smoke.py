"""Imports each built function in a bare interpreter, with only the packages of Lambda's runtime.

The development environment has every dependency, so only this check notices one that is not
shipped. The environment variables are empty, so it also notices a module that needs configuration
when it is imported.

    python -m tools.smoke
"""

import argparse
import subprocess
import sys
from pathlib import Path

from local.builds import build
from local.entry import run_command
from tools.dependencies import RUNTIME, installed, this_machine

# Lambda's limit for an unzipped function.
MOST_BYTES = 250 * 1024 * 1024
# The runtime has boto3; functions do not need the rest.
NEVER_SHIPPED = ("boto3", "botocore", "tests", "docs", "events", "local", "tools", ".venv", "bin")
# Byte code is useful if it exists, is of this version, and is valid whatever the sources' time
# stamps: a .pyc begins with a magic number, and a 1 for an unchecked hash (PEP 552).
IMPORT = """
import importlib, importlib.util, pathlib, sys
sys.dont_write_bytecode = True
sys.path[:0] = sys.argv[2:]
importlib.import_module(sys.argv[1])
wanted = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little")
for module in list(sys.modules.values()):
    file = pathlib.Path(getattr(module, "__file__", None) or "")
    if file.suffix == ".py" and file.is_relative_to(sys.argv[2]):
        compiled = pathlib.Path(importlib.util.cache_from_source(str(file)))
        if not compiled.exists() or compiled.read_bytes()[:8] != wanted:
            print(file.relative_to(sys.argv[2]))
"""


def faults(artifact: Path, runtime: Path) -> list[str]:
    """List what is wrong with one built function."""
    folders = [file.parent.name for file in artifact.glob("functions/*/handler.py")]
    if len(folders) != 1:
        return [f"holds the functions {folders}"]
    found = [f"ships {name}" for name in NEVER_SHIPPED if (artifact / name).exists()]
    size = sum(file.stat().st_size for file in artifact.rglob("*") if file.is_file())
    if size > MOST_BYTES:
        found.append(f"has {size // 2**20} MB")
    # -I and -S: import nothing from this environment or the current folder.
    imported = subprocess.run(
        [
            *(sys.executable, "-I", "-S", "-W", "error", "-c", IMPORT),
            *(f"functions.{folders[0]}.handler", str(artifact), str(runtime)),
        ],
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    if imported.returncode != 0:
        found.append(imported.stderr.strip())
    if uncompiled := imported.stdout.split():
        found.append(f"has no byte code for {len(uncompiled)} modules, such as {uncompiled[0]}")
    return found


def main() -> int:
    """Check every function of a build."""
    argparse.ArgumentParser(description="Import each built function.").parse_args()
    built = build()
    runtime = installed(RUNTIME, this_machine())
    artifacts = sorted(path for path in built.functions.glob("*Function") if path.is_dir())
    if not artifacts:
        print(f"nothing is built in {built.functions}")
        return 1
    failed = False
    for artifact in artifacts:
        found = faults(artifact, runtime)
        failed = failed or bool(found)
        print(f"{artifact.name}: {'; '.join(found) or 'ok'}")
    return 1 if failed else 0


if __name__ == "__main__":
    run_command(main)
