"""Examples about benefits for the OpenAPI document: answers that the product gives, with the names changed."""

from __future__ import annotations

from typing import Any

from rewards.api.examples import MEMBER_ID

USE_ID = "01932c22-51ab-7d90-8c3e-0f6a2b7c9d11"
HELD: dict[str, Any] = {
    "code": "coffee",
    "kind": "bonus",
    "name": "Two coffees a month",
    "name_nl": "Twee koffies per maand",
    "description": "",
    "description_nl": "",
    "icon": "☕",
    "link": "",
    "title": "",
    "flag": "",
    "partner": "",
    "causes": ["tier:main:advocate"],
    "since": "2026-10-02T08:14:00Z",
    "until": "2027-12-31T23:00:00Z",
    "allowance": {"uses": 2, "period": "month", "left": 1, "renews_on": "2026-12-01"},
}
BENEFITS: dict[str, Any] = {"member": MEMBER_ID, "program": "club", "results": [HELD]}
ENTITLEMENTS: dict[str, Any] = {
    "member": MEMBER_ID,
    "program": "club",
    "at": "2026-11-14T09:20:00Z",
    "changes_at": "2026-11-16T09:00:00Z",
    "benefits": [HELD],
    "early_access": [
        {
            "benefit": "first_in",
            "name": "The winter collection",
            "name_nl": "De wintercollectie",
            "link": "https://shop.example/winter",
            "since": "2026-11-14T09:00:00Z",
            "until": "2026-11-16T09:00:00Z",
        }
    ],
    "features": [{"benefit": "new_search", "flag": "search_v2", "until": None}],
}
TOKEN_CREATE: dict[str, Any] = {"audience": "https://shop.example"}
TOKEN: dict[str, Any] = {
    "token": "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCIsImtpZCI6IjdkOTA4YzNlMGY2YTJiN2MifQ.eyJpc3MiOiJodHRwczovL2…",
    "token_type": "JWT",
    "kid": "7d908c3e0f6a2b7c",
    "expires_at": "2026-11-14T09:25:00Z",
}
USE_CREATE: dict[str, Any] = {"id": "till-3-20261114-0042", "order": "K-20261114-0042"}
USE: dict[str, Any] = {
    "id": USE_ID,
    "member": MEMBER_ID,
    "program": "club",
    "benefit": "coffee",
    "source": "api",
    "external_id": "till-3-20261114-0042",
    "units": 1,
    "causes": ["tier:main:advocate"],
    "order": "K-20261114-0042",
    "note": "",
    "used_at": "2026-11-14T09:20:00Z",
    "recorded_at": "2026-11-14T09:20:00Z",
    "taken_back_at": None,
    "taken_back_reason": "",
}
USES: dict[str, Any] = {"results": [USE], "next": None, "previous": None}
USE_TAKE_BACK: dict[str, Any] = {"reason": "Wrong member"}
USE_TAKEN_BACK: dict[str, Any] = {
    **USE,
    "taken_back_at": "2026-11-14T09:31:00Z",
    "taken_back_reason": "Wrong member",
}
