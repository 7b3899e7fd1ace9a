"""What conditions are compiled to and against. See conditions.py for the kinds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

from msgspec import Struct

from loyalty.definition.facts import Facts

# None when it holds, else the path of the condition that didn't: what the trace tells.
Check = Callable[[Facts], str | None]


class ConditionScope(Struct, frozen=True):
    """What conditions are compiled against. first_tiers: each ladder's first tier, which is everyone's."""

    zone: ZoneInfo
    first_tiers: Mapping[str, str]
