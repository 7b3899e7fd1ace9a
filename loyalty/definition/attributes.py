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
    "order.channel": N_("channel"),
    "order.store": N_("shop"),
    "order.tenders.kind": N_("way of paying"),
    "order.lines.sku": N_("article"),
    "order.lines.net_minor": N_("price of the line"),
    "order.lines.quantity": N_("number of pieces"),
    "order.lines.category": N_("category"),
    "order.lines.brand": N_("brand"),
    "order.lines.tags": N_("tag"),
    "channel": N_("channel"),
    "panel.code": N_("product panel"),
    "panel.on_time": N_("answered in time"),
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
