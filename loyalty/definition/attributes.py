"""What events carry, by path: for rules that ask for it, and for editors that offer it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from loyalty.definition.phrases import N_

if TYPE_CHECKING:
    from loyalty.definition.document import Document

Kind = Literal["text", "number", "flag", "day", "object"]
Attributes = Mapping[str, Kind]

# loyalty/payloads.py has the types; a test holds the two to each other.
_ORDER: Attributes = {
    "order": "object",
    "order.number": "text",
    "order.currency": "text",
    "order.total_minor": "number",
    "order.net_minor": "number",
    "order.tax_minor": "number",
    "order.shipping_minor": "number",
    "order.discount_minor": "number",
    "order.gift_card_minor": "number",
    "order.paid_in_points_minor": "number",
    "order.cost_minor": "number",
    "order.fx_rate": "text",
    "order.channel": "text",
    "order.store": "text",
    "order.tenders": "object",
    "order.tenders.kind": "text",
    "order.tenders.amount_minor": "number",
    "order.lines": "object",
    "order.lines.sku": "text",
    "order.lines.net_minor": "number",
    "order.lines.quantity": "number",
    "order.lines.discount_minor": "number",
    "order.lines.tax_minor": "number",
    "order.lines.name": "text",
    "order.lines.category": "text",
    "order.lines.brand": "text",
    "order.lines.tags": "text",
}
_RETURN: Attributes = {
    "return": "object",
    "return.order": "text",
    "return.amount_minor": "number",
    "return.reason": "text",
    "return.lines": "object",
    "return.lines.sku": "text",
    "return.lines.net_minor": "number",
    "return.lines.quantity": "number",
}
# Types whose shape is the product's own; a brand can't describe them otherwise.
FIXED: Mapping[str, Attributes] = {
    "order.paid": _ORDER,
    "order.returned": _RETURN,
    "member.enrolled": {"channel": "text"},
    "panel.answered": {"panel": "object", "panel.code": "text", "panel.on_time": "flag"},
    "member.birthday": {},
    "referral.milestone": {"referral": "object", "referral.number": "number"},
    "sweepstake.won": {
        "sweepstake": "object",
        "sweepstake.code": "text",
        "sweepstake.prize": "text",
        "sweepstake.place": "number",
    },
    "tier.reached": {"ladder": "text", "tier": "text", "from_tier": "text", "skipped": "flag"},
}
# Types that every brand has besides, whose shape is left open.
SHARED = (
    "review.posted", "store.checked_in", "referral.converted", "referral.milestone", "survey.answered",
    "profile.completed", "member.birthday", "sweepstake.won", "invoice.paid", "subscription.started",
    "subscription.converted", "subscription.changed", "subscription.canceled", "subscription.ended",
    "subscription.paused", "subscription.resumed", "shipment.sent", "shipment.delivered", "shipment.skipped",
    "shipment.canceled",
)  # fmt: skip

# What the product itself puts into those of an open shape; whoever else tells of them may put other things there.
USUAL: Mapping[str, Attributes] = {
    "referral.converted": {"referral.side": "text", "referral.number": "number", "referral.code": "text"},
    "store.checked_in": {
        "place.code": "text", "place.kind": "text", "place.tags": "text", "method": "text", "distance_m": "number",
    },
    "invoice.paid": {
        "plan": "text", "invoice.total_minor": "number", "invoice.net_minor": "number", "invoice.tax_minor": "number",
        "invoice.currency": "text", "invoice.reason": "text",
    },
    **{
        name: {"plan": "text"}
        for name in SHARED
        if name.startswith("subscription.")
    },
    **{
        name: {
            "plan": "text", "shipment.quantity": "number", "shipment.items": "text", "shipment.extras": "text",
            "shipment.country": "text", "shipment.carrier": "text",
        }
        for name in SHARED
        if name.startswith("shipment.")
    },
}  # fmt: skip

ATTRIBUTE_WORDS = {
    "order.number": N_("order number"),
    "order.currency": N_("money of the order"),
    "order.total_minor": N_("total of the order"),
    "order.net_minor": N_("goods without tax"),
    "order.tax_minor": N_("tax"),
    "order.shipping_minor": N_("shipping"),
    "order.discount_minor": N_("discount"),
    "order.gift_card_minor": N_("paid by gift card"),
    "order.paid_in_points_minor": N_("paid in points"),
    "order.cost_minor": N_("what the order cost"),
    "order.fx_rate": N_("exchange rate"),
    "order.channel": N_("channel"),
    "order.store": N_("shop"),
    "order.tenders.kind": N_("way of paying"),
    "order.tenders.amount_minor": N_("part of the payment"),
    "order.lines.sku": N_("article"),
    "order.lines.net_minor": N_("price of the line"),
    "order.lines.quantity": N_("number of pieces"),
    "order.lines.discount_minor": N_("discount of the line"),
    "order.lines.tax_minor": N_("tax of the line"),
    "order.lines.name": N_("name of the article"),
    "order.lines.category": N_("category"),
    "order.lines.brand": N_("brand"),
    "order.lines.tags": N_("tag"),
    "channel": N_("channel"),
    "panel.code": N_("product panel"),
    "panel.on_time": N_("answered in time"),
    "return.order": N_("order that is returned"),
    "return.amount_minor": N_("amount that is returned"),
    "return.reason": N_("reason of the return"),
    "return.lines.sku": N_("article that is returned"),
    "return.lines.net_minor": N_("price of the pieces that are returned"),
    "return.lines.quantity": N_("number of pieces that are returned"),
    "ladder": N_("tier ladder"),
    "tier": N_("new tier"),
    "from_tier": N_("tier before"),
    "skipped": N_("tier was skipped on the way up"),
    "referral.side": N_("side of the referral"),
    "referral.number": N_("number of friends brought so far"),
    "referral.code": N_("code of whoever brought the friend"),
    "place.code": N_("place"),
    "place.kind": N_("kind of place"),
    "place.tags": N_("tag of the place"),
    "method": N_("way of checking in"),
    "distance_m": N_("meters from the place"),
    "sweepstake.code": N_("sweepstake"),
    "sweepstake.prize": N_("prize"),
    "sweepstake.place": N_("place in the draw"),
    "plan": N_("plan"),
    "invoice.total_minor": N_("total of the invoice"),
    "invoice.net_minor": N_("invoice without tax"),
    "invoice.tax_minor": N_("tax on the invoice"),
    "invoice.currency": N_("money of the invoice"),
    "invoice.reason": N_("reason of the invoice"),
    "shipment.quantity": N_("number of boxes"),
    "shipment.items": N_("article in the box"),
    "shipment.extras": N_("extra in the box"),
    "shipment.country": N_("country that the box goes to"),
    "shipment.carrier": N_("carrier of the box"),
}


def attributes_of(document: Document, event_type: str) -> Attributes | None:
    """Every path of an event of the type with what stands there; None when anything may."""
    fixed = FIXED.get(event_type)
    if fixed is not None:
        return fixed
    for each in document.event_types:
        if each.type == event_type and each.schema:
            return dict(_below(each.schema, ""))
    return None


def _below(schema: Any, path: str) -> Iterator[tuple[str, Kind]]:
    """The paths of a schema, as far as it is in shape; a draft's may not be."""
    if not isinstance(schema, Mapping):
        return
    kind = schema.get("type")
    if kind == "array":
        yield from _below(schema.get("items", {}), path)
        if path and isinstance(schema.get("items"), Mapping) and schema["items"].get("type") == "object":
            return
        if path and "items" not in schema:
            yield path, "object"
    elif kind == "object":
        if path:
            yield path, "object"
        properties = schema.get("properties", {})
        for name, inner in properties.items() if isinstance(properties, Mapping) else ():
            yield from _below(inner, f"{path}.{name}" if path else str(name))
    elif path:
        yield path, _KINDS.get(str(kind), "text") if schema.get("format") not in ("date", "date-time") else "day"


_KINDS: Mapping[str, Kind] = {"string": "text", "integer": "number", "number": "number", "boolean": "flag"}
