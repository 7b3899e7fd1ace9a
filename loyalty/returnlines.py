"""Which lines of an order a return names, and how much of each has come back by now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from core.errors import InvalidInput
from loyalty.errors import ReturnTooLarge
from loyalty.reading import OrderContext
from loyalty.rules.refunds import Returned

Kept = dict[str, list[int]]
# Beside the lines' places: the money of the returns that named lines.
AMOUNT = "amount"


def lines_returned(order: OrderContext, told: Mapping[str, Any]) -> tuple[Returned, Kept | None]:
    """The sum of all returns with this one, and what the order keeps of it (None where no return named lines).

    InvalidInput for a line that wasn't sold, ReturnTooLarge for more of it than was.
    """
    amount, named = told["amount_minor"], told.get("lines") or []
    kept: Kept = {key: [*each] for key, each in (order.returned_lines or {}).items()}
    if named:
        for index, line in enumerate(named):
            _take(order.lines, kept, line, f"data.return.lines[{index}]")
        kept.setdefault(AMOUNT, [0, 0])[1] += amount
    minor = order.refunded_minor + amount
    unlined = minor - kept.get(AMOUNT, [0, 0])[1]
    parts = {at: _part(line, kept.get(str(at))) for at, line in enumerate(order.lines)}
    return Returned(order.total_minor, minor, unlined, parts), kept if kept else None


def goods(order: OrderContext) -> list[tuple[int, int]]:
    """(place, money) of each line."""
    return [(at, _net(line)) for at, line in enumerate(order.lines)]


def _take(lines: Sequence[Mapping[str, Any]], kept: Kept, told: Mapping[str, Any], path: str) -> None:
    """Lines of the same goods are filled one after the other."""
    field = "quantity" if told.get("quantity") is not None else "net_minor"
    wanted, column = told[field], 0 if field == "quantity" else 1
    found = [(at, line) for at, line in enumerate(lines) if line.get("sku") == told["sku"]]
    if not found:
        raise InvalidInput(_("The order has no line with this sku."), field=f"{path}.sku")
    for at, line in found:
        whole = _pieces(line) if column == 0 else _net(line)
        left = int((1 - _part(line, kept.get(str(at)))) * whole)
        taken = min(wanted, left)
        if taken:
            kept.setdefault(str(at), [0, 0])[column] += taken
            wanted -= taken
    if wanted:
        raise ReturnTooLarge(_("More of this line would be returned than was sold."), field=f"{path}.{field}")


def _part(line: Mapping[str, Any], back: Sequence[int] | None) -> Fraction:
    if back is None:
        return Fraction(0)
    pieces, net = _pieces(line), _net(line)
    part = Fraction(back[0], pieces) if pieces else Fraction(0)
    return min(Fraction(1), part + (Fraction(back[1], net) if net else Fraction(0)))


def _pieces(line: Mapping[str, Any]) -> int:
    return int(line.get("quantity", 1))


def _net(line: Mapping[str, Any]) -> int:
    return int(line.get("net_minor", 0))
