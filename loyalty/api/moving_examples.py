"""Examples of holds, transfers and waiting adjustments for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from loyalty.api.examples import MEMBER_ID

HOLD_ID = "01932c15-0d0a-7f6e-9b1c-52a1c6a3f0aa"
HOLD_CREATE: dict[str, Any] = {"currency": "points", "points": 100, "minutes": 20, "order": "INV-20430"}
HOLD: dict[str, Any] = {
    "id": HOLD_ID,
    "state": "held",
    "currency": "points",
    "points": 100,
    "captured": 0,
    "order": "INV-20430",
    "held_at": "2026-11-14T09:20:00Z",
    "expires_at": "2026-11-14T09:40:00Z",
    "closed_at": None,
    "entry": None,
    "lots": [{"lot": 39980, "points": 100, "expires_at": "2027-01-01T00:00:00+01:00"}],
}
HOLDS: dict[str, Any] = {"results": [HOLD], "next": None, "previous": None}
HOLD_CAPTURE: dict[str, Any] = {"points": 80}
HOLD_CAPTURED: dict[str, Any] = {
    **HOLD,
    "state": "captured",
    "captured": 80,
    "closed_at": "2026-11-14T09:31:00Z",
    "entry": 40230,
}
HOLD_RELEASED: dict[str, Any] = {**HOLD, "state": "released", "closed_at": "2026-11-14T09:31:00Z"}
TRANSFER_CREATE: dict[str, Any] = {
    "to": {"external_id": "C-1008"},
    "currency": "points",
    "points": 50,
    "note": "Happy birthday",
}
TRANSFER: dict[str, Any] = {
    "id": "01932c16-1c3d-7a44-8f0e-94b0a1d2e3f4",
    "member": MEMBER_ID,
    "to": "01932c0e-9d10-7b52-8a67-0c1d2e3f4a5b",
    "currency": "points",
    "points": 50,
    "note": "Happy birthday",
    "at": "2026-11-14T09:45:00Z",
}
ADJUSTMENT_WAITING: dict[str, Any] = {
    "id": "01932c17-2b4c-7d55-9e1f-a5c1b2d3e4f5",
    "state": "requested",
    "member": MEMBER_ID,
    "currency": "points",
    "points": 5000,
    "reason_code": "goodwill",
    "reason": "The machine broke twice",
    "requested_at": "2026-11-14T09:50:00Z",
    "expires_at": "2026-11-21T09:50:00Z",
    "decided_at": None,
    "decision": "",
    "entry": None,
}
ADJUSTMENTS: dict[str, Any] = {"results": [ADJUSTMENT_WAITING], "next": None, "previous": None}
STATEMENT: dict[str, Any] = {
    "member": MEMBER_ID,
    "program": "club",
    "since": "2026-01-01",
    "until": "2026-11-14",
    "totals": [
        {"currency": "points", "scale": 0, "opening": 125, "came": 50, "went": 0, "closing": 175, "debt": 0},
    ],
}
