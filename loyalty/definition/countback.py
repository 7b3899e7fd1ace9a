"""A program whose events raise counters of a later version too, for a brand that counts those from before."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from loyalty.definition.compiled import CompiledProgram, TriggerPlan


def counting_along(program: CompiledProgram, later: CompiledProgram, codes: Collection[str]) -> CompiledProgram:
    """program with those counters of the later one that it doesn't declare itself. Nothing in it asks for them."""
    own = {each.code for each in program.document.counters}
    triggers = dict(program.triggers)
    for trigger, plan in later.triggers.items():
        raises = tuple(each for each in plan.raises if each.code in codes and each.code not in own)
        if raises:
            before = triggers.get(trigger, TriggerPlan((), ()))
            asked = {ref: None for each in raises for ref in each.periods}
            asked |= {(each.seen, "day"): None for each in raises if each.seen}
            triggers[trigger] = msgspec.structs.replace(
                before,
                raises=before.raises + raises,
                counters=tuple(dict.fromkeys((*before.counters, *asked))),
            )
    return msgspec.structs.replace(program, triggers=triggers)
