"""What a column of a CSV can be: every field of an event and of a member, read off the shapes that check them."""

from __future__ import annotations

import types
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec

from loyalty.payloads import OrderBody, OrderLine, ReturnBody

# Fields that a column of that name is; `data.<name>` is a field of an event of the brand's own.
ENVELOPE = {
    "id": "text",
    "type": "text",
    "occurred_at": "moment",
    "member": "text",
    "member.external_id": "text",
    "member.email": "text",
    "program": "text",
}
MEMBER = {"external_id": "text", "email": "text", "name": "text", "phone": "text", "language": "text"}
OWN = "data."
LINES = "order.lines."
# Names that shops give their columns, in small letters without blanks, and what is meant.
KNOWN_AS = {
    "id": ("event_id", "transaction_id", "transactie"),
    "type": ("event_type", "soort"),
    "occurred_at": (
        "date",
        "datetime",
        "created_at",
        "paid_at",
        "order_date",
        "datum",
        "besteldatum",
        "orderdatum",
        "invoicedate",
    ),
    "member.external_id": (
        "customer",
        "customer_id",
        "customerid",
        "klant",
        "klantnr",
        "klantnummer",
        "member_no",
        "lidnummer",
    ),
    "member.email": ("email", "e_mail", "e_mailadres", "mail"),
    "order.number": (
        "order",
        "order_id",
        "order_number",
        "invoice",
        "invoice_no",
        "invoiceno",
        "ordernr",
        "ordernummer",
        "bestelnr",
        "bestelnummer",
        "bestelling",
        "factuur",
        "factuurnummer",
    ),
    "order.currency": ("currency", "valuta"),
    "order.total_minor": ("order.total", "total", "amount", "totaal", "bedrag", "total_minor", "grand_total"),
    "order.net_minor": ("order.net", "net", "netto"),
    "order.tax_minor": ("order.tax", "tax", "vat", "btw"),
    "order.shipping_minor": ("order.shipping", "shipping", "verzendkosten"),
    "order.discount_minor": ("order.discount", "discount", "korting"),
    "order.channel": ("channel", "kanaal"),
    "order.store": ("store", "shop", "winkel", "filiaal"),
    "order.lines.sku": ("sku", "product", "artikel", "artikelnummer", "stockcode"),
    "order.lines.quantity": ("quantity", "qty", "aantal"),
    "order.lines.net_minor": ("line_total", "line_net", "regelbedrag"),
    "order.lines.category": ("category", "categorie"),
    "return.order": ("returned_order",),
    "return.amount_minor": ("return.amount", "refund", "refunded", "terugbetaald"),
    "external_id": ("customer", "customer_id", "customerid", "klantnummer", "member_no", "lidnummer"),
    "email": ("e_mail", "e_mailadres", "mail"),
    "name": ("full_name", "naam"),
    "phone": ("telephone", "mobile", "telefoon"),
    "language": ("lang", "taal"),
}


@cache
def fields_of(kind: str) -> dict[str, str]:
    """Field → how its cells are read: text, whole, money, moment or list; for events or members."""
    if kind == "members":
        return dict(MEMBER)
    found = dict(ENVELOPE)
    for prefix, shape in (("order.", OrderBody), (LINES, OrderLine), ("return.", ReturnBody)):
        found |= {prefix + name: kind for name, kind in _kinds(shape)}
    return found


def _kinds(shape: type[msgspec.Struct]) -> Iterator[tuple[str, str]]:
    hints = get_type_hints(shape)
    for field in msgspec.structs.fields(shape):
        kind = _kind_of(hints[field.name])
        if kind is not None:
            yield field.encode_name, "money" if field.encode_name.endswith("_minor") else kind


def _kind_of(hint: Any) -> str | None:
    """None: a cell can't hold it."""
    if get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    if get_origin(hint) in (Union, types.UnionType):
        kinds = {_kind_of(each) for each in get_args(hint) if each is not type(None)}
        return kinds.pop() if len(kinds) == 1 else None
    if get_origin(hint) is list:
        return "list" if _kind_of(get_args(hint)[0]) == "text" else None
    return {str: "text", int: "whole", Decimal: "text"}.get(hint)


def field_guess(column: str, kind: str) -> str | None:
    """The field that a column of this name most likely is."""
    plain = column.strip().lower().replace(" ", "_").replace("-", "_")
    fields = fields_of(kind)
    if plain in fields or (kind == "events" and plain.startswith(OWN) and len(plain) > len(OWN)):
        return plain
    return next((field for field, names in KNOWN_AS.items() if field in fields and plain in names), None)
