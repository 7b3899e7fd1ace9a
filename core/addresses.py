"""Where a parcel goes: the address that members give, and staff who pack read."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from core.countries import country_name

Line = Annotated[str, Meta(max_length=120)]


class Address(Struct, frozen=True, forbid_unknown_fields=True):
    """country: two letters."""

    name: Annotated[str, Meta(min_length=1, max_length=120)]
    street: Annotated[str, Meta(min_length=1, max_length=120)]
    postcode: Annotated[str, Meta(min_length=1, max_length=20)]
    city: Annotated[str, Meta(min_length=1, max_length=120)]
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}$(?!\n)")]
    extra: Line = ""

    @property
    def lines(self) -> list[str]:
        lines = (self.name, self.street, self.extra, f"{self.postcode} {self.city}", country_name(self.country))
        return [each for each in lines if each]
