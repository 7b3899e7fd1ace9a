"""Examples for the OpenAPI document: answers that the product gives, with the names changed."""

from __future__ import annotations

from typing import Any

APPLICATION_ID = "0192f0c4-8a51-7d3e-9c1a-2b7d0f6e4a10"
TESTER_ID = "0192f0c4-9b62-7e4f-8d2b-3c8e1a7f5b21"
MEMBER_ID = "0192f0c4-7a40-7c2d-8b09-1a6c0e5d3f0f"
QUESTIONS: list[Any] = [{"kind": "scale", "code": "warm", "name": "How warm is it?", "low": "cold", "high": "hot"}]
PANEL: dict[str, Any] = {
    "code": "winter_jacket",
    "program": "club",
    "state": "open",
    "opens_at": "2027-09-01T00:00:00Z",
    "closes_at": "2027-09-15T00:00:00Z",
    "selects_on": "2027-09-20T00:00:00Z",
    "units": 20,
    "units_left": 20,
    "terms": {
        "code": "winter_jacket",
        "name": {"en": "Winter jacket", "nl": "Winterjas"},
        "product": "A jacket that isn't in the shop yet",
        "units": 20,
        "opens_at": "2027-09-01T02:00",
        "closes_at": "2027-09-15T02:00",
        "questions": QUESTIONS,
    },
    "commitment": "9f64a747e1b97f131fabb6b447296c9b6f0201e79fb3c5356e6c77e89b6a806a",
    "seed": None,
    "entries_hash": None,
}
PANELS: dict[str, Any] = {"results": [PANEL], "next": None, "previous": None}
TESTER: dict[str, Any] = {
    "id": TESTER_ID,
    "state": "shipped",
    "outcome": None,
    "accept_by": "2027-09-27",
    "answer_by": None,
    "return_by": None,
    "overdue": False,
    "carrier": "Post",
    "tracking": "3SABC123",
    "shipped_at": "2027-09-23T09:00:00Z",
    "received_at": None,
    "answered_at": None,
    "closed_at": None,
}
APPLICATION: dict[str, Any] = {
    "id": APPLICATION_ID,
    "panel": "winter_jacket",
    "program": "club",
    "member_id": MEMBER_ID,
    "state": "selected",
    "applied_at": "2027-09-02T10:15:00Z",
    "place": None,
    "decided": "lot",
    "decided_at": "2027-09-20T08:00:00Z",
    "tester": TESTER,
}
WAITING: dict[str, Any] = {
    **APPLICATION,
    "state": "applied",
    "decided": None,
    "decided_at": None,
    "tester": None,
}
ELIGIBLE: dict[str, Any] = {"panel": "winter_jacket", "open": True, "reasons_against": [], "application": WAITING}
APPLICATIONS: dict[str, Any] = {"results": [APPLICATION], "next": None, "previous": None}
DRAWN: dict[str, Any] = {
    **PANEL,
    "state": "choosing",
    "units_left": 0,
    "seed": "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
    "entries_hash": "5f1d6a3c2b4e7f8091a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708",
}
CANCELED: dict[str, Any] = {**PANEL, "state": "canceled"}
SETTLED: dict[str, Any] = {**DRAWN, "state": "settled"}
FILE: dict[str, Any] = {
    "format": "stamgast-sweepstake/1",
    "algorithm": "hmac-sha256-rejection/1",
    "sweepstake": "winter_jacket",
    "commitment": PANEL["commitment"],
    "seed": DRAWN["seed"],
    "entries_hash": DRAWN["entries_hash"],
    "once_per_person": True,
    "winners": 20,
    "alternates": 5,
    "entries": [[APPLICATION_ID, APPLICATION_ID]],
    "drawn": [APPLICATION_ID],
}
ANSWERS: dict[str, Any] = {
    "results": [
        {
            "tester": TESTER_ID,
            "member_id": MEMBER_ID,
            "answered_at": "2027-10-10T18:30:00Z",
            "answers": {"warm": 4},
        }
    ],
    "next": None,
    "previous": None,
}
RESULTS: dict[str, Any] = {
    "panel": "winter_jacket",
    "answered": 1,
    "questions": [
        {
            "code": "warm",
            "kind": "scale",
            "answered": 1,
            "counts": {"1": 0, "2": 0, "3": 0, "4": 1, "5": 0},
            "mean": 4.0,
        }
    ],
}
