"""Examples for the OpenAPI document: answers that the product gives, with the names changed."""

from __future__ import annotations

from typing import Any

CLAIM_ID = "01932c1f-4c11-7a02-9f4e-6b1d2a3c4d50"
FILE_ID = "01932c1f-4c11-7a02-9f4e-6b1d2a3c4d51"
MEMBER_ID = "01932c0e-7a2f-7c31-9f0e-3d6a8f1b2c4d"
EVENT_ID = "01932c20-1b5d-7e44-b1a7-2c9d4e6f8a11"
CLAIM_CREATE: dict[str, Any] = {"type": "instagram", "link": "https://instagram.com/anna"}
CLAIM: dict[str, Any] = {
    "id": CLAIM_ID,
    "member": MEMBER_ID,
    "program": "club",
    "type": "instagram",
    "state": "submitted",
    "fields": {},
    "link": "https://instagram.com/anna",
    "text": "",
    "reason": {},
    "submitted_at": "2026-11-14T09:20:00Z",
    "decided_at": None,
    "event": None,
    "source": "api",
}
CLAIMS: dict[str, Any] = {"results": [CLAIM], "next": None, "previous": None}
CLAIM_DETAIL: dict[str, Any] = {
    **CLAIM,
    "files": [{"id": FILE_ID, "kind": "photo", "media_type": "image/jpeg", "size": 182_400, "removed_at": None}],
    "doubles": [{"claim": "01932c1e-0000-7a02-9f4e-6b1d2a3c4d50", "member": MEMBER_ID, "kind": "link"}],
}
FILE_CONTENT: dict[str, Any] = {"id": FILE_ID, "media_type": "image/jpeg", "content": "/9j/4AAQSkZJRgABAQ=="}
APPROVE: dict[str, Any] = {"fields": {}}
APPROVED: dict[str, Any] = {**CLAIM, "state": "approved", "decided_at": "2026-11-14T11:00:00Z", "event": EVENT_ID}
REFUSE: dict[str, Any] = {"reason": {"en": "We can’t find you.", "nl": "We vinden je niet."}}
REFUSED: dict[str, Any] = {
    **CLAIM,
    "state": "refused",
    "decided_at": "2026-11-14T11:00:00Z",
    "reason": REFUSE["reason"],
}
WITHDRAWN: dict[str, Any] = {**CLAIM, "state": "withdrawn", "decided_at": "2026-11-14T11:00:00Z"}
CHECK_IN_CREATE: dict[str, Any] = {"position": {"latitude": 52.0907, "longitude": 5.1214, "accuracy_m": 12}}
CHECK_IN: dict[str, Any] = {
    "id": "01932c1f-9c11-7a02-9f4e-6b1d2a3c4d52",
    "member": MEMBER_ID,
    "program": "club",
    "place": "utrecht",
    "method": "position",
    "state": "accepted",
    "reason": None,
    "distance_m": 30,
    "at": "2026-11-14T09:20:00Z",
    "event": EVENT_ID,
}
CHECK_INS: dict[str, Any] = {"results": [CHECK_IN], "next": None, "previous": None}
PLACE: dict[str, Any] = {
    "code": "utrecht",
    "name": "Utrecht",
    "kind": "store",
    "address": "Oudegracht 1",
    "latitude": 52.0907,
    "longitude": 5.1214,
    "radius_m": 100,
    "active": True,
    "starts_at": None,
    "ends_at": None,
    "tags": ["city"],
}
PLACES: dict[str, Any] = {"results": [PLACE], "next": None, "previous": None}
