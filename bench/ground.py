"""What all benches stand on: one database, its brands, and how large it all is. Brands are made when first wanted."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from bench.reference import reference_install, reference_side
from bench.report import say
from bench.rounds import Side
from bench.seeding import Shop, shops_make
from bench.sizes import Sizes
from bench.stand import Stand


@dataclass
class Ground:
    stand: Stand
    sizes: Sizes
    _shops: list[Shop] = field(default_factory=list)
    _hosts: list[Shop] = field(default_factory=list)
    _reference: bool = False

    def shops(self) -> list[Shop]:
        """The brands that members are spread over."""
        if not self._shops:
            sizes = self.sizes
            say(f"Making {sizes.brands} brands with {sizes.members_each:,} members each and {sizes.rules} rules")
            self._shops = shops_make(sizes.brands, members=sizes.members_each, rules=sizes.rules)
        return self._shops

    def hosts(self, count: int) -> list[Shop]:
        """So many brands of a few members each: for what depends on the number of brands alone."""
        missing = count - len(self._hosts)
        if missing > 0:
            say(f"Making {missing} brands with 50 members each")
            made = len(self._hosts)
            self._hosts += shops_make(missing, members=50, rules=self.sizes.rules, prefix=f"host{made}x")
        return self._hosts[:count]

    def reference(self, *, clients: int = 8) -> Side:
        """The reference booking on as many members as the product has in all."""
        if not self._reference:
            reference_install(self.stand, self.sizes.members)
            self._reference = True
        return reference_side(self.stand, members=self.sizes.members, seconds=self.sizes.seconds, clients=clients)


def targets(shops: list[Shop], **more: Any) -> list[dict[str, Any]]:
    """The brands as bench/load.py takes them."""
    return [{"host": shop.host, "key": shop.key, "members": len(shop.members), **more} for shop in shops]


def unique() -> str:
    """A word that makes the ids of one side unlike those of any other."""
    return secrets.token_hex(4)
