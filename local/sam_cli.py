"""The SAM CLI, kept to itself: it tells nobody of its use, and asks nobody for a newer version."""

import json

from local.emulator import ROOT

SAM = ROOT / ".venv-sam" / "bin" / "sam"
# A moment, in seconds, after which it may look for a newer version: the year 2100.
_NEVER = 4102444800.0


def environment() -> dict[str, str]:
    """Make the variables that have it keep still.

    It looks for a newer version at PyPI once a week, and has no setting against that: it goes by a
    note of when it has looked last, so it gets one of its own here, which says the year 2100.
    """
    folder = ROOT / ".local" / "sam-cli"
    note = folder / "metadata.json"
    if not note.exists():
        folder.mkdir(parents=True, exist_ok=True)
        note.write_text(json.dumps({"lastVersionCheck": _NEVER, "telemetryEnabled": False}))
    return {"SAM_CLI_TELEMETRY": "0", "__SAM_CLI_APP_DIR": str(folder)}
