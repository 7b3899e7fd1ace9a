"""What is to be packed besides the catalogue's parcels: rooms above, such as product panels, add theirs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from django.http import HttpRequest

from rewards.fulfilment import Address


class Packing(NamedTuple):
    """Something to be packed. note: what it is told from others by; url: where it is moved on."""

    what: str
    note: str
    address: Address | None
    since: datetime
    url: str


class PackedElsewhere(NamedTuple):
    """rows: what waits, oldest first, at most so many. links: the lists that it stands in, with how many; (words, url).

    Both give nothing to whoever may not pack it.
    """

    rows: Callable[[HttpRequest, int], list[Packing]]
    links: Callable[[HttpRequest], list[tuple[str, str]]]


_sources: list[PackedElsewhere] = []


def packing_register(source: PackedElsewhere) -> None:
    """Called once by a room's admin module."""
    if source not in _sources:
        _sources.append(source)


def packing_elsewhere(request: HttpRequest, most: int) -> list[Packing]:
    found = [row for source in _sources for row in source.rows(request, most)]
    return sorted(found, key=lambda each: each.since)[:most]


def packing_links(request: HttpRequest) -> list[tuple[str, str]]:
    return [link for source in _sources for link in source.links(request)]
