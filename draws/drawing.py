"""The draw itself: plain arithmetic over a frozen list, so that anybody can work it out again. Standard library only.

    commitment   = SHA-256(seed), published with the sweepstake, before the first entry
    entries_hash = SHA-256 of the list: a line "<entry> <person>\\n" for each entry, in order of the entry's id
    block k      = HMAC-SHA256(key: seed, message: the 32 bytes of entries_hash followed by k as 8 bytes, big end first)

k counts from 0 and is never used twice. A block is read as a number x of 256 bits. Of the n entries that are left, in
the order of the list, number x mod n is drawn, unless x >= 2^256 - (2^256 mod n): such an x would favour the first
entries and is thrown away. Then the entry leaves the list or, where a person can win once, all entries of that person
do. The first `winners` that are drawn win, the next `alternates` stand in for them, in this order.

Where the terms name a public value of somebody else's, announced after the closing, it is part of every block:

    block k      = HMAC-SHA256(key: seed, message: entries_hash, then the 32 bytes of SHA-256(value), then k as above)

with the value in UTF-8 as it was announced, blanks at its ends left out and those within made one space each.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

FORMAT = "stamgast-sweepstake/1"
ALGORITHM = "hmac-sha256-rejection/1"
WITH_OUTSIDE = "hmac-sha256-rejection-outside/1"
SPAN = 2**256
PLAIN = re.compile(r"[0-9A-Za-z-]+")
Entry = tuple[str, str]


def commitment_of(seed: bytes) -> str:
    return hashlib.sha256(seed).hexdigest()


def entries_sorted(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries)


def entries_hash_of(entries: Iterable[Entry]) -> str:
    """Of the sorted list of (entry, person)."""
    text = "".join(f"{entry} {person}\n" for entry, person in entries_sorted(entries))
    return hashlib.sha256(text.encode()).hexdigest()


def value_plain(text: str) -> str:
    """An announced value as it is drawn with."""
    return " ".join(text.split())


def drawn(
    seed: bytes, entries: Iterable[Entry], *, wanted: int, once_per_person: bool, outside: str | None = None
) -> list[str]:
    """The entries in the order in which they are drawn; fewer than wanted when the list runs out. outside: the public
    value that the draw is bound to as well."""
    left = entries_sorted(entries)
    mark = bytes.fromhex(entries_hash_of(left))
    if outside is not None:
        mark += hashlib.sha256(value_plain(outside).encode()).digest()
    found: list[str] = []
    count = 0
    while left and len(found) < wanted:
        block = hmac.digest(seed, mark + count.to_bytes(8, "big"), "sha256")
        count += 1
        number = int.from_bytes(block, "big")
        if number >= SPAN - SPAN % len(left):
            continue
        entry, person = left[number % len(left)]
        found.append(entry)
        left = [each for each in left if (each[1] != person if once_per_person else each[0] != entry)]
    return found


def faults_of(told: Mapping[str, Any]) -> list[str]:
    """What doesn't add up in the file of a draw; empty when all of it does. ValueError when it can't be read."""
    try:
        entries: Sequence[Entry] = [(str(entry), str(person)) for entry, person in told["entries"]]
        seed, wanted = bytes.fromhex(told["seed"]), int(told["winners"]) + int(told["alternates"])
        names = {name: str(told[name]) for name in ("format", "algorithm", "commitment", "entries_hash")}
        published = [str(each) for each in told["drawn"]]
        once = bool(told["once_per_person"])
        outside = _outside(told)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"this isn't the file of a draw: {error}") from error
    found = []
    kind = ALGORITHM if outside is None else WITH_OUTSIDE
    if (names["format"], names["algorithm"]) != (FORMAT, kind):
        found.append(f"the draw is of another kind: {names['format']}, {names['algorithm']}")
    if len({entry for entry, _person in entries}) != len(entries):
        found.append("an entry stands there twice")
    # In the text that was hashed blanks and line ends part entries: inside of one they could make two of it.
    if not all(PLAIN.fullmatch(word) for each in entries for word in each):
        found.append("an entry isn't an id and a person's name in the list")
    if commitment_of(seed) != names["commitment"]:
        found.append("the seed isn't the one that was committed to")
    if entries_hash_of(entries) != names["entries_hash"]:
        found.append("the list of entries isn't the one that was hashed")
    if drawn(seed, entries, wanted=wanted, once_per_person=once, outside=outside) != published:
        found.append("these aren't the entries that the seed draws")
    return found


def _outside(told: Mapping[str, Any]) -> str | None:
    """The value that was announced; None where the draw is bound to none."""
    given = told.get("outside")
    return None if given is None else str(given["value"])
