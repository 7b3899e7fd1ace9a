"""What events and members have that conditions can ask for, with its type: from the payloads' own types and from the
event types that the program declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from msgspec import Struct

from core.backoffice.words import in_language
from loyalty.admin.forms.shapes import Flag, Group, Number, Rows, Shape, Text, fields_of
from loyalty.definition.attributes import ATTRIBUTE_WORDS, FIXED, USUAL
from loyalty.definition.words import TRIGGER_WORDS
from loyalty.payloads import BUILT_IN, EVENT_REVERSED, PAYLOADS

Whole = Mapping[str, Any]
# Operators by what is compared; "" is anything.
OPERATORS: dict[str, tuple[str, ...]] = {
    "text": ("eq", "ne", "in", "not_in", "contains", "exists"),
    "number": ("eq", "ne", "ge", "gt", "le", "lt", "in", "not_in", "exists"),
    "money": ("ge", "gt", "le", "lt", "eq", "ne", "exists"),
    "day": ("ge", "gt", "le", "lt", "eq", "ne", "exists"),
    "flag": ("eq", "ne", "exists"),
}
MEMBER = {
    "language": ("text", gettext_lazy("the member's language")),
    "joined_days": ("number", gettext_lazy("days since joining")),
    "age_years": ("number", gettext_lazy("the member's age")),
}
NAMES = {
    "order.number": gettext_lazy("number of the order"),
    "order.currency": gettext_lazy("money of the order"),
    "order.total_minor": gettext_lazy("total of the order"),
    "order.net_minor": gettext_lazy("goods of the order, without tax and shipping"),
    "order.tax_minor": gettext_lazy("tax of the order"),
    "order.shipping_minor": gettext_lazy("shipping of the order"),
    "order.discount_minor": gettext_lazy("discount of the order"),
    "order.gift_card_minor": gettext_lazy("paid by gift card"),
    "order.paid_in_points_minor": gettext_lazy("paid in points"),
    "order.cost_minor": gettext_lazy("what the order cost you"),
    "order.fx_rate": gettext_lazy("exchange rate of the order"),
    "order.channel": gettext_lazy("channel of the order"),
    "order.store": gettext_lazy("store of the order"),
    "order.lines.sku": gettext_lazy("article: number (SKU)"),
    "order.lines.name": gettext_lazy("article: name"),
    "order.lines.category": gettext_lazy("article: category"),
    "order.lines.brand": gettext_lazy("article: brand"),
    "order.lines.tags": gettext_lazy("article: tags"),
    "order.lines.quantity": gettext_lazy("article: quantity"),
    "order.lines.net_minor": gettext_lazy("article: amount without tax"),
    "order.lines.tax_minor": gettext_lazy("article: tax"),
    "order.lines.discount_minor": gettext_lazy("article: discount"),
    "return.order": gettext_lazy("number of the order that is returned"),
    "return.amount_minor": gettext_lazy("amount that is returned"),
    "return.reason": gettext_lazy("reason of the return"),
    "referral.side": gettext_lazy("whose side of the referral it is: referrer or friend"),
    "place.kind": gettext_lazy("kind of place: store, park, event or other"),
    "method": gettext_lazy("way of checking in: position or code"),
    "sku": gettext_lazy("article: number (SKU)"),
    "name": gettext_lazy("article: name"),
    "category": gettext_lazy("article: category"),
    "brand": gettext_lazy("article: brand"),
    "tags": gettext_lazy("article: tags"),
    "quantity": gettext_lazy("article: quantity"),
    "net_minor": gettext_lazy("article: amount without tax"),
    "tax_minor": gettext_lazy("article: tax"),
    "discount_minor": gettext_lazy("article: discount"),
}


def attributes_of(trigger: str, whole: Whole) -> dict[str, str]:
    """path → kind of everything known of that type of event."""
    typed = PAYLOADS.get(trigger)
    found = dict(_struct_paths(typed, "") if typed is not None else _usual_paths(trigger))
    for declared in whole.get("event_types", []):
        if isinstance(declared, Mapping) and trigger in (declared.get("type"), declared.get("code")):
            found.update(_declared_paths(declared))
    return found


def _usual_paths(trigger: str) -> Iterator[tuple[str, str]]:
    """Of the product's own events that have no type in Python."""
    for path, kind in (FIXED.get(trigger) or USUAL.get(trigger, {})).items():
        if kind != "object":
            yield path, "money" if path.endswith("_minor") else kind


def line_attributes() -> dict[str, str]:
    """What a line of an order has, by its own names."""
    found = attributes_of("order.paid", {})
    return {path.removeprefix("order.lines."): kind for path, kind in found.items() if path.startswith("order.lines.")}


def _struct_paths(cls: type[Struct], prefix: str) -> Iterator[tuple[str, str]]:
    for name, field in fields_of(cls).items():
        shape = field.shape.item if isinstance(field.shape, Rows) else field.shape
        if isinstance(shape, Group):
            yield from _struct_paths(shape.cls, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", _kind(name, shape)


def _kind(name: str, shape: Shape) -> str:
    match shape:
        case Number():
            return "money" if name.endswith("_minor") else "number"
        case Flag():
            return "flag"
        case Text():
            return "text"
    return ""


def _declared_paths(declared: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """From the fields or the JSON Schema of a declared type of event."""
    schema = declared.get("schema")
    if isinstance(schema, Mapping):
        yield from _schema_paths(schema, "")
    for field in declared.get("fields", []):
        if isinstance(field, Mapping):
            name = str(field.get("path") or field.get("code") or field.get("name") or "")
            yield name, _schema_kind(name, field.get("kind") or field.get("type"), field.get("format"))


def _schema_paths(schema: Mapping[str, Any], prefix: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    properties = schema.get("properties")
    if not isinstance(properties, Mapping) or depth > 6:
        return
    for name, inner in properties.items():
        if not isinstance(inner, Mapping):
            continue
        item = inner.get("items") if inner.get("type") == "array" else inner
        item = item if isinstance(item, Mapping) else {}
        if item.get("type") == "object":
            yield from _schema_paths(item, f"{prefix}{name}.", depth + 1)
        else:
            yield f"{prefix}{name}", _schema_kind(str(name), item.get("type"), item.get("format"))


def _schema_kind(name: str, kind: Any, form: Any) -> str:
    if kind in ("integer", "number", "money", "amount"):
        return "money" if name.endswith("_minor") else "number"
    if kind in ("boolean", "flag"):
        return "flag"
    return "day" if form == "date" or kind in ("date", "day") else "text"


def attribute_choices(trigger: str, whole: Whole, owner: type[Struct] | None = None) -> list[tuple[str, str]]:
    """What can be chosen in a condition of that kind, by its friendly name."""
    name = owner.__name__ if owner is not None else ""
    if "Member" in name:
        own = [(path, path.partition(".")[2]) for path in kept_attributes(whole)]
        return [*((path, str(label)) for path, (_kind_, label) in MEMBER.items()), *own]
    known = line_attributes() if "Line" in name else attributes_of(trigger, whole)
    return [(path, attribute_name(path)) for path in known]


def attribute_name(path: str) -> str:
    """What the attribute is called in lists of them; one that only the brand knows stands for itself."""
    known = ATTRIBUTE_WORDS.get(path)
    return str(NAMES[path]) if path in NAMES else _(known) if known else path


def kept_attributes(part: Any) -> dict[str, str]:
    """attributes.<name> → kind of what the draft itself keeps of members."""
    if isinstance(part, list):
        return {path: kind for each in part for path, kind in kept_attributes(each).items()}
    if not isinstance(part, Mapping):
        return {}
    found = kept_attributes(list(part.values()))
    if part.get("kind") == "set_attribute" and part.get("name"):
        value = part.get("value")
        kind = "flag" if isinstance(value, bool) else "number" if isinstance(value, int | float) else "text"
        found[f"attributes.{part['name']}"] = kind
    return found


def trigger_of(cls: type[Struct], given: Any) -> str:
    """What the struct itself waits for, whose conditions ask for that event's values; "" when it waits for nothing."""
    field = fields_of(cls).get("trigger")
    if field is None:
        return ""
    return str(given or ("" if field.needed else field.default) or "")


def value_kind(beside: Mapping[str, Any], trigger: str, whole: Whole) -> str:
    """What the attribute that a condition names is; "" when nobody knows."""
    if "attribute" in beside:
        path = str(beside["attribute"])
        return MEMBER[path][0] if path in MEMBER else kept_attributes(whole).get(path, "")
    path = str(beside.get("path", ""))
    if str(beside.get("kind", "")).startswith("line"):
        return line_attributes().get(path, "")
    return attributes_of(trigger, whole).get(path, "")


def event_types(whole: Whole) -> list[tuple[str, str]]:
    """Types of events: the product's own, those that the program declares and those that its rules wait for."""
    known: dict[str, str] = {}
    for name in ("order.paid", *sorted((BUILT_IN | TRIGGER_WORDS.keys()) - {EVENT_REVERSED})):
        words = TRIGGER_WORDS.get(name)
        known.setdefault(name, f"{_(words)} ({name})" if words else name)
    for declared in whole.get("event_types", []):
        if isinstance(declared, Mapping):
            code = str(declared.get("type") or declared.get("code") or "")
            known[code] = f"{in_language(declared.get('name'))} ({code})" if declared.get("name") else code
    for claim in whole.get("claim_types", []):
        if isinstance(claim, Mapping) and claim.get("event_type"):
            words = _("When a claim of “%(claim)s” is approved") % {"claim": in_language(claim.get("name"))}
            known.setdefault(str(claim["event_type"]), f"{words} ({claim['event_type']})")
    for rule in [*whole.get("rules", []), *whole.get("counters", [])]:
        if isinstance(rule, Mapping) and rule.get("trigger"):
            known.setdefault(str(rule["trigger"]), str(rule["trigger"]))
    return list(known.items())


def claimable_types(whole: Whole) -> list[tuple[str, str]]:
    """Types that an approved claim may become, as far as the program has any of its own: nothing that the shop or the
    product tells of, which nobody should choose by leaving the first one in place."""
    return [each for each in event_types(whole) if each[0] not in TRIGGER_WORDS.keys() | BUILT_IN]
