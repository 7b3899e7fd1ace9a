"""The small types that every part of the document is made of."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from loyalty.definition.phrases import N_

# Lookahead after $: without it a trailing newline would pass.
Code = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9_]{0,39}$(?!\n)",
        description=N_("Small letters, digits and underscores, starting with a letter, 40 at most."),
        examples=["points", "happy_hour"],
    ),
]
Trigger = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$(?!\n)",
        max_length=80,
        description=N_("The type of an event, noun.past_tense."),
        examples=["order.paid", "review.posted"],
    ),
]
AttributePath = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*){0,7}$(?!\n)",
        max_length=120,
        description=N_("Where the value stands in the event: names with dots between them."),
        examples=["order.channel"],
    ),
]
HourMinute = Annotated[
    str,
    Meta(
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$(?!\n)", description=N_("Time of day, 24 hours."), examples=["16:30"]
    ),
]
ShortText = Annotated[str, Meta(min_length=1, max_length=120)]
LongText = Annotated[str, Meta(max_length=600)]
# One text for everyone, or one per language.
LocalText = str | dict[str, str]

# Digits after the decimal sign of the money currencies that don't have two (ISO 4217).
_DIGITS = {
    "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0,
    "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0, "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3,
    "TND": 3,
}  # fmt: skip


def money_digits(currency: str) -> int:
    """How many digits the currency has after the decimal sign: 2 for EUR, 0 for JPY."""
    return _DIGITS.get(currency, 2)


_SIGNS = {"EUR": "€", "GBP": "£", "USD": "$"}


def money_said(minor: int, currency: str, language: str, *, cents: bool = False) -> str:
    """As the reader writes it: €25, £3.50, and in Dutch € 25 and € 3,50, with spaces that don't break. cents: also
    where there are none, as in columns."""
    dutch = language.startswith("nl")
    digits = money_digits(currency)
    whole, rest = divmod(abs(minor), 10**digits)
    number = f"{whole:,}".replace(",", "." if dutch else ",")
    if rest or (cents and digits):
        number += f"{',' if dutch else '.'}{rest:0{digits}d}"
    sign, known = "−" if minor < 0 else "", _SIGNS.get(currency)
    if known is None:
        return f"{sign}{currency}\u00a0{number}"
    return f"{sign}{known}\u00a0{number}" if dutch else f"{sign}{known}{number}"
