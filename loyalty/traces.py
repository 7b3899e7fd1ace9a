"""How an event's trace is kept. Most rules don't match most events: those are kept as a list of codes for each reason,
which is a quarter of what a line for each would be; the trace is the largest part of an event.

Kept: {"rules": [what gave or was kept from giving], "missed": {path of the condition: [codes]}, "awards": …}.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from loyalty.rules.judgement import Judgement, RuleTrace

MISSED = "not_matched"


def trace_kept(judgement: Judgement) -> dict[str, Any]:
    """What is kept of a judgement: for every rule what became of it, and each award's snapshot for returns."""
    rules: list[RuleTrace] = []
    missed: dict[str, list[str]] = {}
    for each in judgement.trace:
        if each.outcome == MISSED:
            missed.setdefault(each.why, []).append(each.rule)
        else:
            rules.append(each)
    kept: dict[str, Any] = {"rules": rules, "awards": judgement.awards}
    if missed:
        kept["missed"] = missed
    # What a return of the order has to know besides.
    if judgement.raised:
        kept["raised"] = judgement.raised
    if judgement.acts:
        kept["acts"] = judgement.acts
    return kept


def trace_whole(kept: Mapping[str, Any]) -> dict[str, Any]:
    """A kept trace with a line for every rule again, as it is shown: those that didn't match come last."""
    trace: dict[str, Any] = msgspec.to_builtins(dict(kept))
    missed = trace.pop("missed", {})
    lines = [{"rule": code, "outcome": MISSED, "why": why} for why, codes in missed.items() for code in codes]
    return {**trace, "rules": [*trace.get("rules", []), *lines]}
