"""The first sync by hand, as the README shows it and `make up` prints it.

The lines are the same wherever the stack listens: ``local.call`` finds it.
"""

LINES = (
    'call() { .venv/bin/python -m local.call "$@"; }',
    "call sign-in",
    "GROUP=$(call POST /groups local/requests/springfield.json --once spr --only groupId)",
    'RUN=$(call POST /groups/$GROUP/syncs \'{"mode": "sync"}\' --only runId)',
    "call GET /groups/$GROUP/syncs/$RUN --follow",
    'CLASS=$(call GET "/groups/$GROUP/classes?limit=1" --only classes.0.id)',
    "call GET /groups/$GROUP/classes/$CLASS",
    'call GET "/groups/$GROUP/classes/$CLASS/users?limit=3"',
)
