"""An event's trace in words, also of rules that aren't written down as such."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from django.utils import translation

from loyalty.admin.tracewords import trace_lines
from loyalty.definition.entries import entry_code
from tests.loyalty import shop


def test_what_a_tier_gives_is_told_by_its_name_and_not_by_a_code() -> None:
    document = deepcopy(shop.DOCUMENT)
    gift = {"kind": "points_fixed", "currency": "points", "points": 5}
    document["ladders"][0]["tiers"][2] |= {"name": {"en": "VIP", "nl": "Erelid"}, "entry_effects": [gift]}
    told: dict[str, Any] = {"rule": entry_code("main", "vip"), "outcome": "not_matched", "why": "when.of[1]"}
    with translation.override("en"):
        [line] = trace_lines({"rules": [told]}, document)
        [gone] = trace_lines({"rules": [{**told, "rule": "gone"}]}, document)
    assert line.name == "VIP"
    assert line.why.startswith("This did not hold: new tier is vip")
    assert gone.name == "gone"
