"""A program that takes claims, and what members send."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw

from claims.models import Claim
from claims.pictures import Upload, upload_read
from claims.services import Sent, claim_submit
from core.ids import uuid7
from loyalty.models import Enrollment, Program
from tests.loyalty import shop

FOLLOWED: dict[str, Any] = {
    "code": "instagram",
    "name": {"en": "Follow us", "nl": "Volg ons"},
    "event_type": "social.followed",
    "proofs": [{"kind": "link"}],
    "open_at_most": 1,
    "at_most": 1,
    "reasons": [{"en": "We can’t find you among our followers.", "nl": "We zien je niet tussen onze volgers."}],
}
GEAR: dict[str, Any] = {
    "code": "gear",
    "name": {"en": "Used gear", "nl": "Gebruikte spullen"},
    "event_type": "gear.taken_back",
    "proofs": [{"kind": "photo"}, {"kind": "text", "needed": False}],
    "open_at_most": 3,
    "at_most": 4,
    "period": "month",
    "counts_from": "approved",
    "fields": [
        {"code": "items", "name": {"en": "Items", "nl": "Stuks"}, "kind": "number", "least": 1, "most": 50},
        {
            "code": "state",
            "name": {"en": "State", "nl": "Staat"},
            "kind": "choice",
            "by": "staff",
            "choices": [{"code": "good", "name": "Good"}, {"code": "worn", "name": "Worn"}],
        },
    ],
}
RECEIPT: dict[str, Any] = {
    "code": "receipt",
    "name": "Receipt",
    "event_type": "receipt.submitted",
    "proofs": [{"kind": "receipt"}],
    "fields": [
        {"code": "number", "name": "Number"},
        {"code": "store", "name": "Shop"},
        {"code": "amount_minor", "name": "Amount", "kind": "money", "least": 1, "most": 100_000},
        {"code": "bought_on", "name": "Day", "kind": "date", "needed": False},
    ],
    "unique_by": ["number", "store", "amount_minor"],
}
RULES = [
    {
        "code": code,
        "name": code,
        "trigger": trigger,
        "effects": [{"kind": "points_fixed", "currency": "points", "points": points}],
    }
    for code, trigger, points in (("follow", "social.followed", 50), ("gear", "gear.taken_back", 20))
]
VISIT = {
    "code": "visit",
    "name": "Visit",
    "trigger": "store.checked_in",
    "when": {"kind": "attribute", "path": "place.kind", "operator": "eq", "value": "park"},
    "effects": [{"kind": "points_fixed", "currency": "points", "points": 10}],
}
DOCUMENT: dict[str, Any] = {
    **shop.DOCUMENT,
    "rules": [*shop.DOCUMENT["rules"], *RULES, VISIT],
    "claim_types": [FOLLOWED, GEAR, RECEIPT],
}


def program(**more: Any) -> Program:
    return shop.program({**DOCUMENT, **more})


def picture(seed: int = 1, *, size: tuple[int, int] = (640, 480), form: str = "JPEG", **saved: Any) -> bytes:
    """A picture with blocks in it, other ones for another seed."""
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    for at in range(24):
        x, y = (at * 97 * seed) % 100 / 100, (at * 61 * seed + at) % 100 / 100
        grey = (at * 53 * seed) % 200
        left, top = int(x * size[0]), int(y * size[1])
        draw.rectangle((left, top, left + size[0] // 4, top + size[1] // 5), fill=(grey, 255 - grey, grey // 2))
    made = BytesIO()
    image.save(made, form, **saved)
    return made.getvalue()


def photo(seed: int = 1, *, kind: str = "photo", **more: Any) -> Upload:
    return upload_read(picture(seed, **more), kind=kind)


def follows(who: Enrollment, link: str = "https://instagram.com/anna", key: str = "") -> Claim:
    sent = Sent("instagram", link=link)
    return claim_submit(enrollment=who, sent=sent, actor=shop.PARTNER, key=key or uuid7().hex)


def hands_in(who: Enrollment, items: int = 2, seed: int = 1, key: str = "") -> Claim:
    sent = Sent("gear", fields={"items": items}, files=(photo(seed),))
    return claim_submit(enrollment=who, sent=sent, actor=shop.PARTNER, key=key or uuid7().hex)


def receipt(who: Enrollment, number: str = "R-1", store: str = "Main Street", minor: int = 1250, **more: Any) -> Claim:
    file = more.pop("file", None) or Upload("receipt", "application/pdf", b"%PDF-1.4 x %%EOF", digest=uuid7().hex * 2)
    fields = {"number": number, "store": store, "amount_minor": minor, **more}
    sent = Sent("receipt", fields=fields, files=(file,))
    return claim_submit(enrollment=who, sent=sent, actor=shop.PARTNER, key=uuid7().hex)
