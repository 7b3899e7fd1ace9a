"""The benefits that come with a plan, a line each, for the page on which members choose one."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import get_language

from loyalty.definition.conditions import PlanTest
from loyalty.definition.document import Document
from loyalty.definition.sections import section_of
from loyalty.definition.translation import text_in
from loyalty.showcase import teller_for
from rewards.benefits.definition import SECTION, Benefit, BenefitsSection


def benefits_of_plan(document: Document, plan: str) -> Iterator[str]:
    """Name and, where that says more, what it is: `Coffee on us: a bonus, 1 × a month`."""
    section: BenefitsSection | None = section_of(document.sections, SECTION)
    if section is None:
        return
    teller = teller_for(document)
    for each in section.benefits:
        given = any(isinstance(holder, PlanTest) and plan in (holder.any_of or (plan,)) for holder in each.given_to)
        if given and each.enabled:
            yield _line(each, [each.gives.words(teller), *([each.allowance.words(teller)] if each.allowance else [])])


def _line(benefit: Benefit, parts: list[str]) -> str:
    name = text_in(benefit.name, (get_language() or "en")[:2])
    said = [part for part in parts if part and part.lower() != name.lower()]
    return f"{name}: {', '.join(said)}" if said else name
