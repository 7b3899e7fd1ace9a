"""Examples for the OpenAPI document: answers that the product gives, with the names changed."""

from __future__ import annotations

from typing import Any

MEMBER_ID = "01932c0e-7a2f-7c31-9f0e-3d6a8f1b2c4d"
MEMBER_CREATE: dict[str, Any] = {
    "external_id": "C-1007",
    "email": "mina@example.com",
    "name": "Mina Jansen",
    "language": "nl",
    "acquisition_channel": "till",
    "attributes": {"favourite_store": "utrecht"},
}
MEMBER: dict[str, Any] = {
    "id": MEMBER_ID,
    "external_id": "C-1007",
    "email": "mina@example.com",
    "name": "Mina Jansen",
    "phone": "",
    "birth_date": None,
    "language": "nl",
    "time_zone": "",
    "attributes": {"favourite_store": "utrecht"},
    "status": "active",
    "is_test": False,
    "acquisition_channel": "till",
    "utm_source": "",
    "utm_medium": "",
    "utm_campaign": "",
    "referrer": "",
    "joined_at": "2026-11-14T09:30:00Z",
    "created_at": "2026-11-14T09:30:00Z",
    "updated_at": "2026-11-14T09:30:00Z",
}
MEMBERS: dict[str, Any] = {"results": [MEMBER], "next": "/api/v1/members?page_size=1&cursor=bjE3", "previous": None}
MEMBER_UPDATE: dict[str, Any] = {"name": "Mina de Jong", "birth_date": "1988-04-02"}
CONSENT_CREATE: dict[str, Any] = {
    "purpose": "marketing_email",
    "granted": True,
    "text_version": "2026-03",
    "source": "till",
}
CONSENT: dict[str, Any] = {"id": 91, **CONSENT_CREATE, "recorded_at": "2026-11-14T09:31:12Z"}
CONSENTS: dict[str, Any] = {"results": [CONSENT], "next": None, "previous": None}
