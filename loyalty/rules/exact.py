"""Figures of awards that are kept exactly: a fraction as text, and which lines of an order points came from."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

# Into so many parts a point is divided where it is shared out over lines.
FINE = 1000
Lines = tuple[tuple[int, int], ...]
# Fractions that are exact in six digits, of fewer than 28 in all, are written without Decimal.
_PLAIN, _MILLION = 10**21, 10**6


def lines_of(parts: Sequence[tuple[int, Lines]]) -> Lines:
    """Which lines what is multiplied came from, by what each gave; none where some of it came from the order."""
    if len(parts) == 1:
        return parts[0][1]
    weights: dict[int, int] = {}
    for points, lines in parts:
        whole = sum(weight for _line, weight in lines)
        if not whole:
            return ()
        for line, weight in lines:
            weights[line] = weights.get(line, 0) + points * weight * FINE // whole
    return tuple(sorted(weights.items()))


def decimal_text(numerator: int, denominator: int) -> str:
    """The fraction as a plain decimal string, 28 significant digits."""
    whole, rest = divmod(numerator, denominator)
    if not rest:
        return str(whole)
    if whole < _PLAIN and not rest * _MILLION % denominator:
        return f"{whole}.{rest * _MILLION // denominator:06d}".rstrip("0")
    text = format(Decimal(numerator) / Decimal(denominator), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
