"""Bodies of requests, to be read and tried."""

from typing import Any

A_GROUP: dict[str, Any] = {
    "name": "Springfield",
    "description": "Springfield's schools, from PowerSchool",
    "email": "it@springfield.example",
    "clientGroupId": "SPR",
    "onboardingType": "OneRoster1.2",
    "syncType": "API",
    "syncFrequency": "Auto",
    "period": "Daily",
    "timeZone": "America/Chicago",
    "syncHour": 2,
    "clientPartnerId": "springfield",
    "connection": {
        "url": "https://sis.springfield.example",
        "authorization": "OAuth2.0",
        "tokenUrl": "https://sis.springfield.example/oauth/token",
        "consumerKey": "homeroom",
        "secretKey": "the secret that belongs to the key",
    },
    "matchWith": "identifier",
    "scope": {"roles": ["student", "staff"]},
    "guard": {"deletedPercent": 5},
    "blackouts": [{"from": "2026-12-21", "to": "2027-01-03"}],
    "webhook": {
        "url": "https://learning.example/hooks/homeroom",
        "secret": "sixteen characters or more",
    },
}
A_GROUP_CHANGE: dict[str, Any] = {
    "version": 3,
    "syncHour": 4,
    "connection": {"pageSize": 500},
    "guard": {"deletedPercent": None},
    "webhook": None,
}
A_DECISION: dict[str, Any] = {
    "decision": "approve",
    "digest": "2a-9f3c-71d0",
    "reason": "The school has closed; its pupils are in another district now.",
    "schools": ["school-south"],
}
A_KEPT_DECISION: dict[str, Any] = {
    "decision": "release",
    "digest": "c-9f3c-71d0",
    "reason": "They have left by now.",
    "records": [{"entity": "users", "sourcedId": "4711"}],
}
AN_EXCEPTION: dict[str, Any] = {
    "effect": "leaveOut",
    "entity": "users",
    "sourcedId": "4711",
    "until": None,
    "why": "Asked to be erased; letter of 3 September.",
}
