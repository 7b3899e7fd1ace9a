"""Examples for the OpenAPI document: answers that the product gives, with the names changed."""

from __future__ import annotations

from typing import Any

ENTRY = "7c0f6c3e-2f0e-4c1f-9c5b-0a3c7d1e5b11"
SWEEPSTAKE: dict[str, Any] = {
    "code": "summer",
    "program": "club",
    "state": "open",
    "opens_at": "2027-06-01T00:00:00Z",
    "closes_at": "2027-07-01T00:00:00Z",
    "terms": {"code": "summer", "name": "Summer", "prizes": [{"code": "bike", "name": "A bike"}]},
    "commitment": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "entries_hash": None,
    "entries": None,
    "seed": None,
    "outside": None,
    "drawn": [],
}
SWEEPSTAKES: dict[str, Any] = {"results": [SWEEPSTAKE], "next": None, "previous": None}
ENTRIES: dict[str, Any] = {
    "sweepstake": "summer",
    "entries": [{"entry": ENTRY, "way": "free", "entered_at": "2027-06-02T10:00:00Z"}],
}
DRAWN: dict[str, Any] = {
    **SWEEPSTAKE,
    "state": "drawn",
    "entries_hash": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
    "entries": 1,
    "seed": "5f" * 32,
    "drawn": [
        {
            "place": 1,
            "entry": ENTRY,
            "prize": "bike",
            "state": "won",
            "accept_by": "2027-07-15T00:00:05Z",
            "accepted_at": "2027-07-02T09:30:00Z",
            "given": True,
        }
    ],
}
CANCELED: dict[str, Any] = {**SWEEPSTAKE, "state": "canceled"}
FILE: dict[str, Any] = {
    "format": "stamgast-sweepstake/1",
    "algorithm": "hmac-sha256-rejection/1",
    "sweepstake": "summer",
    "commitment": SWEEPSTAKE["commitment"],
    "seed": DRAWN["seed"],
    "entries_hash": DRAWN["entries_hash"],
    "once_per_person": True,
    "winners": 1,
    "alternates": 3,
    "entries": [[ENTRY, "1f3b9a0c5d7e2f4a8b6c0d1e2f3a4b5c"]],
    "drawn": [ENTRY],
}
