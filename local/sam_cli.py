"""Runs the SAM CLI without telemetry and without looking for a newer version."""

import json

from local.emulator import ROOT

SAM = ROOT / ".venv-sam" / "bin" / "sam"
# The time, in epoch seconds, of its last look for a newer version: the year 2100.
_NEVER = 4102444800.0


def environment() -> dict[str, str]:
    """Make the environment variables that keep it quiet.

    It looks for a newer version once a week, and no setting prevents that. But it keeps a note of
    when it last looked, so we give it a note that says the year 2100.
    """
    folder = ROOT / ".local" / "sam-cli"
    note = folder / "metadata.json"
    if not note.exists():
        folder.mkdir(parents=True, exist_ok=True)
        note.write_text(json.dumps({"lastVersionCheck": _NEVER, "telemetryEnabled": False}))
    return {"SAM_CLI_TELEMETRY": "0", "__SAM_CLI_APP_DIR": str(folder)}
