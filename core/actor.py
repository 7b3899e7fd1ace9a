"""Who caused something: written beside every event, entry and redemption, so that figures can tell them apart."""

from __future__ import annotations

import msgspec


class Actor(msgspec.Struct, frozen=True):
    """initiated_by: member, partner, staff or system. name: `api:<prefix>`, `user:<pk>`, `member:<id>`, `system:<job>`.

    source: where it came in: api, admin, web, import, system; the default source of events.
    """

    initiated_by: str
    name: str
    source: str


def system(job: str) -> Actor:
    """The actor of a scheduled job."""
    return Actor("system", f"system:{job}", "system")
