"""Examples for the OpenAPI document: answers that the product gives, with the names changed."""

from __future__ import annotations

from typing import Any

REFERRAL_ID = "01932c1f-4c11-7a02-9f4e-6b1d2a3c4d60"
MEMBER_ID = "01932c0e-7a2f-7c31-9f0e-3d6a8f1b2c4d"
FRIEND_ID = "01932c0e-7a2f-7c31-9f0e-3d6a8f1b2c4e"
EVENT_ID = "01932c20-1b5d-7e44-b1a7-2c9d4e6f8a11"
CODE_WRITE: dict[str, Any] = {"code": "ANNA2030", "display_name": "Anna"}
CODE: dict[str, Any] = {
    "member": MEMBER_ID,
    "program": "club",
    "code": "ANNA2030",
    "link": "https://club.example.com/r/ANNA2030/",
    "display_name": "Anna",
    "chosen": True,
}
CODE_SEEN: dict[str, Any] = {"code": "ANNA2030", "program": "club", "display_name": "Anna", "open": True}
BIND: dict[str, Any] = {"code": "ANNA2030", "ip": "203.0.113.7", "card": "fp_1Nv0", "address": "Oudegracht 1, 3511 AA"}
TRACES: dict[str, Any] = {"card": "fp_1Nv0"}
KEPT: dict[str, Any] = {"kept": 1}
REFERRAL: dict[str, Any] = {
    "id": REFERRAL_ID,
    "program": "club",
    "referrer": MEMBER_ID,
    "friend": FRIEND_ID,
    "code": "ANNA2030",
    "state": "pending",
    "because": None,
    "signals": [],
    "bound_at": "2026-11-14T09:20:00Z",
    "converted_at": None,
    "hold_until": None,
    "decided_at": None,
    "reason": "",
    "number": None,
    "event": None,
    "referrer_event": None,
    "friend_event": None,
    "taken_back": False,
}
REFERRALS: dict[str, Any] = {"results": [REFERRAL], "next": None, "previous": None}
DECISION: dict[str, Any] = {"reason": "Two sisters; they called."}
STEPPED: dict[str, Any] = {
    **REFERRAL,
    "signals": [{"kind": "similar_email", "does": "flag", "weight": 100}],
    "converted_at": "2026-11-15T10:00:00Z",
    "hold_until": "2026-11-29T10:00:00Z",
    "event": EVENT_ID,
    "decided_at": "2026-11-16T08:00:00Z",
    "reason": DECISION["reason"],
}
APPROVED: dict[str, Any] = {**STEPPED, "because": "staff"}
BLOCKED: dict[str, Any] = {**STEPPED, "state": "blocked", "because": "staff"}
