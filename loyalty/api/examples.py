"""Examples for the OpenAPI document: answers that the product gives, with the names changed."""

from __future__ import annotations

from typing import Any

EVENT_ID = "01932c11-52b4-7a08-8d1f-6f0b9c7e2a55"
MEMBER_ID = "01932c0e-7a2f-7c31-9f0e-3d6a8f1b2c4d"
ORDER_PAID: dict[str, Any] = {
    "id": "INV-20417",
    "type": "order.paid",
    "member": {"external_id": "C-1007"},
    "occurred_at": "2026-11-14T10:02:11+01:00",
    "source": "shop",
    "data": {
        "order": {
            "number": "INV-20417",
            "currency": "EUR",
            "total_minor": 2550,
            "tax_minor": 443,
            "channel": "web",
            "lines": [{"sku": "BEANS-1KG", "quantity": 1, "net_minor": 2107, "category": "coffee"}],
        }
    },
}
RESULT: dict[str, Any] = {
    "id": EVENT_ID,
    "external_id": "INV-20417",
    "source": "shop",
    "type": "order.paid",
    "status": "processed",
    "member": MEMBER_ID,
    "program": "club",
    "version": 1,
    "occurred_at": "2026-11-14T09:02:11+00:00",
    "awards": [
        {
            "rule": "per_euro",
            "currency": "points",
            "points": 25,
            "desired": 25,
            "reason": {"en": "1 point for every €1 spent", "nl": "1 punt voor elke € 1 die je uitgeeft"},
            "active": True,
        }
    ],
    "reversed": [],
    "balances": [{"currency": "points", "balance": 125, "pending": 0, "debt": 0}],
    "tiers": [{"ladder": "status", "tier": "silver", "changed_from": "bronze"}],
}
EVENT: dict[str, Any] = {
    "id": EVENT_ID,
    "external_id": "INV-20417",
    "source": "shop",
    "type": "order.paid",
    "status": "processed",
    "member": MEMBER_ID,
    "program": "club",
    "version": 1,
    "occurred_at": "2026-11-14T09:02:11Z",
    "received_at": "2026-11-14T09:02:12.310Z",
    "initiated_by": "partner",
}
EVENTS: dict[str, Any] = {"results": [EVENT], "next": None, "previous": None}
EVENT_DETAIL: dict[str, Any] = {
    **EVENT,
    "data": ORDER_PAID["data"],
    "result": RESULT,
    "trace": {
        "rules": [
            {"rule": "per_euro", "outcome": "fired"},
            {"rule": "double_monday", "outcome": "not_matched", "why": "conditions.all[0]"},
        ],
        "awards": [],
    },
}
SIMULATE: dict[str, Any] = {"event": ORDER_PAID, "draft": True}
SIMULATED: dict[str, Any] = {
    **{key: value for key, value in RESULT.items() if key not in ("id", "external_id", "source", "type")},
    "repeated": False,
    "version": None,
    "achieved": [{"kind": "stamp_card", "code": "coffee", "n": 3}],
    "trace": [
        {
            "rule": "per_euro",
            "name": "A point per euro",
            "outcome": "fired",
            "told": "gave 25 points",
            "why": "",
            "sentence": "When an order is paid: 1 point for every €1 spent.",
        }
    ],
}
BULK: dict[str, Any] = {"events": [ORDER_PAID, {**ORDER_PAID, "id": "INV-20418", "member": "nobody"}]}
BULK_RESULT: dict[str, Any] = {
    "accepted": 1,
    "repeated": 0,
    "refused": 1,
    "results": [
        {"index": 0, "status": 201, "id": "INV-20417", "event": RESULT},
        {
            "index": 1,
            "status": 422,
            "id": "INV-20418",
            "problem": {
                "type": "/api/docs/problems/#invalid_input",
                "title": "Part of the input is not valid.",
                "status": 422,
                "detail": "`member` must be a member's id (a UUID), an object with external_id or email, or null.",
                "code": "invalid_input",
                "field": "member",
            },
        },
    ],
}
BALANCES: dict[str, Any] = {
    "member": MEMBER_ID,
    "program": "club",
    "as_of": "2026-11-14T09:05:00Z",
    "balances": [
        {
            "currency": "points",
            "name_one": {"en": "point", "nl": "punt"},
            "name_many": {"en": "points", "nl": "punten"},
            "symbol": "★",
            "scale": 0,
            "spendable": True,
            "balance": 125,
            "pending": 0,
            "reserved": 0,
            "debt": 0,
            "expiring": 100,
            "expiring_at": "2027-01-01T00:00:00+01:00",
        }
    ],
}
TIERS: dict[str, Any] = {
    "member": MEMBER_ID,
    "program": "club",
    "as_of": "2026-11-14T09:05:00Z",
    "tiers": [
        {
            "ladder": "status",
            "ladder_name": {"en": "Status", "nl": "Status"},
            "currency": "points",
            "scale": 0,
            "code": "silver",
            "name": {"en": "Silver", "nl": "Zilver"},
            "color": "#94a3b8",
            "since": "2026-11-14T09:02:12Z",
            "valid_until": "2028-01-01T00:00:00+01:00",
            "threshold": 100,
            "progress": 125,
            "next_code": "gold",
            "next_name": {"en": "Gold", "nl": "Goud"},
            "next_threshold": 500,
            "missing": 375,
            "percent": 6,
            "to_keep": 0,
            "window": "calendar_year",
            "window_ends_at": "2027-01-01T00:00:00+01:00",
            "benefits": [{"en": "Free coffee on your birthday", "nl": "Gratis koffie op je verjaardag"}],
            "tiers": [],
        }
    ],
}
ADJUSTMENT_CREATE: dict[str, Any] = {"currency": "points", "points": 50, "reason": "Sorry for the late parcel"}
ADJUSTMENT: dict[str, Any] = {
    "id": 40211,
    "kind": "adjust",
    "currency": "points",
    "points": 50,
    "debt": 0,
    "balance_after": 175,
    "reason": {"en": "Sorry for the late parcel", "nl": "Sorry for the late parcel"},
    "rule": "",
    "event": None,
    "order": "",
    "reversal_of": None,
    "source": "api",
    "initiated_by": "partner",
    "occurred_at": "2026-11-14T09:10:00Z",
    "recorded_at": "2026-11-14T09:10:00Z",
    "draws": [],
    "lot": {
        "granted": 50,
        "remaining": 50,
        "held": 0,
        "reversed": 0,
        "activates_at": "2026-11-14T09:10:00Z",
        "active_at": "2026-11-14T09:10:00Z",
        "expires_at": "2028-01-01T00:00:00+01:00",
    },
}
LEDGER: dict[str, Any] = {
    "results": [
        {
            **ADJUSTMENT,
            "id": 40212,
            "kind": "spend",
            "points": -100,
            "balance_after": 75,
            "reason": {"en": "Bag of beans", "nl": "Zak bonen"},
            "draws": [{"lot": 39980, "points": -100, "expires_at": "2027-01-01T00:00:00+01:00"}],
            "lot": None,
        },
        ADJUSTMENT,
    ],
    "next": None,
    "previous": None,
}
PROGRAM_ROW: dict[str, Any] = {
    "slug": "club",
    "name": "Coffee Club",
    "version": 1,
    "created_at": "2026-01-05T08:00:00Z",
}
VERSION_ROW: dict[str, Any] = {
    "number": 1,
    "in_force_from": None,
    "published_at": "2026-01-05T08:00:00Z",
    "note": "",
    "withdrawn_at": None,
}
PROGRAMS: dict[str, Any] = {"results": [PROGRAM_ROW]}
PROGRAM: dict[str, Any] = {**PROGRAM_ROW, "versions": [VERSION_ROW]}
VERSION: dict[str, Any] = {
    **VERSION_ROW,
    "document": {"schema": 2, "program": {"name": "Coffee Club", "time_zone": "Europe/Amsterdam"}},
}
IMPORT_ID = "019a8f3e-0000-7000-8000-000000000042"
IMPORT: dict[str, Any] = {
    "id": IMPORT_ID,
    "kind": "events",
    "format": "ndjson",
    "state": "running",
    "filename": "orders-2025.ndjson",
    "source": "webshop",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "size": 48210388,
    "total": 120000,
    "done": 41000,
    "percent": 34,
    "counts": {"processed": 40120, "guest": 851, "refused": 29},
    "issued": {"points": 1203881},
    "reversed": {},
    "reasons": {"unknown_member": 29},
    "problem": None,
    "created_at": "2026-01-05T08:00:00Z",
    "started_at": "2026-01-05T08:00:09Z",
    "finished_at": None,
}
IMPORTS: dict[str, Any] = {"results": [IMPORT], "next": None, "previous": None}
BACKTEST_CREATE: dict[str, Any] = {"months": 3}
BACKTEST: dict[str, Any] = {
    "id": "01932c14-6a01-7d55-8f0a-2b1c9d7e4a10",
    "program": "club",
    "version": None,
    "months": 3,
    "since": "2026-08-13T22:00:00Z",
    "until": "2026-11-14T09:05:00Z",
    "state": "running",
    "done": 1200,
    "total": 20000,
    "events": 9100,
    "asked_at": "2026-11-14T09:05:00Z",
    "started_at": "2026-11-14T09:05:01Z",
    "finished_at": None,
    "problem": "",
}
BACKTESTS: dict[str, Any] = {"results": [BACKTEST], "next": None, "previous": None}
BACKTEST_DETAIL: dict[str, Any] = {
    **BACKTEST,
    "state": "done",
    "done": 20000,
    "events": 152300,
    "finished_at": "2026-11-14T09:05:31Z",
    "report": {
        "since": "2026-08-13T22:00:00Z",
        "until": "2026-11-14T09:05:00Z",
        "events": 152300,
        "refused": 0,
        "money": "EUR",
        "people": [{"key": "earning", "replayed": 18000, "happened": 17600}],
        "currencies": [
            {
                "code": "points",
                "name": {"en": "points", "nl": "punten"},
                "scale": 0,
                "flows": [{"key": "issued", "replayed": 5200000, "happened": 4100000}],
                "holdings": [{"key": "balance", "replayed": 3100000, "happened": 2400000}],
                "worth": [{"key": "issued", "replayed": 5200000, "happened": 4100000}],
                "months": [{"key": "2026-10", "replayed": 1800000, "happened": 1400000}],
                "spread": [["0", 2000], ["9", 4000], ["99", 12000], ["999", 2000]],
                "gainers": [[840, MEMBER_ID, 1240, 400]],
                "losers": [],
            }
        ],
        "rules": [
            {
                "code": "per_euro",
                "name": "A point per euro",
                "outcomes": {"fired": 150000, "capped": 300, "not_matched": 2000},
                "points": [{"key": "points", "replayed": 5200000, "happened": 4100000}],
                "awards": 149800,
            }
        ],
        "ladders": [
            {
                "code": "status",
                "name": "Status",
                "tiers": [{"key": "silver", "replayed": 5100, "happened": 3200}],
                "tier_names": {"silver": "Silver"},
                "moves": [{"key": "bronze>silver", "replayed": 2100, "happened": 1200}],
            }
        ],
        "achievements": [],
        "shared_budgets": False,
    },
}
