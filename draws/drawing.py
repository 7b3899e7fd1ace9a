"""The draw itself: plain arithmetic over a frozen list, so that anybody can work it out again. Standard library only.

    commitment   = SHA-256(seed), published with the sweepstake, before the first entry
    entries_hash = SHA-256 of the list: a line "<entry> <person>\\n" for each entry, in order of the entry's id
    block k      = HMAC-SHA256(key: seed, message: the 32 bytes of entries_hash followed by k as 8 bytes, big end first)

k counts from 0 and is never used twice. A block is read as a number x of 256 bits. Of the n entries that are left, in
the order of the list, number x mod n is drawn, unless x >= 2^256 - (2^256 mod n): such an x would favour the first
entries and is thrown away. Then the entry leaves the list or, where a person can win once, all entries of that person
do. The first `winners` that are drawn win, the next `alternates` stand in for them, in this order.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

FORMAT = "stamgast-sweepstake/1"
ALGORITHM = "hmac-sha256-rejection/1"
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


def drawn(seed: bytes, entries: Iterable[Entry], *, wanted: int, once_per_person: bool) -> list[str]:
    """The entries in the order in which they are drawn; fewer than wanted when the list runs out."""
    left = entries_sorted(entries)
    mark = bytes.fromhex(entries_hash_of(left))
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
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"this isn't the file of a draw: {error}") from error
    found = []
    if (names["format"], names["algorithm"]) != (FORMAT, ALGORITHM):
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
    if drawn(seed, entries, wanted=wanted, once_per_person=once) != published:
        found.append("these aren't the entries that the seed draws")
    return found
