"""The benefits that come with a plan, a line each, for the page on which members choose one."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from loyalty.definition.conditions import PlanTest
from loyalty.definition.document import Document
from loyalty.definition.sections import section_of
from loyalty.definition.translation import text_in
from loyalty.models import Enrollment
from loyalty.showcase import teller_for
from loyalty.templatetags.points import short_day
from rewards.benefits.definition import SECTION, Benefit, BenefitsSection
from rewards.benefits.holding import benefits_held


def benefits_of_plan(document: Document, plan: str) -> Iterator[str]:
    """Name and, where that says more, what it is: `Coffee on us: a bonus, 1 × a month`."""
    section: BenefitsSection | None = section_of(document.sections, SECTION)
    if section is None:
        return
    teller = teller_for(document)
    for each in section.benefits:
        if _given(each, plan) and each.enabled:
            yield _line(each, [each.gives.words(teller), *([each.allowance.words(teller)] if each.allowance else [])])


def gives_freely(document: Document, plan: str, code: str) -> bool:
    """Whether who has the plan may use the benefit whenever and as often as they like."""
    section: BenefitsSection | None = section_of(document.sections, SECTION)
    if section is None:
        return False
    return any(
        each.code == code and each.enabled and each.allowance is None and each.schedule is None and _given(each, plan)
        for each in section.benefits
    )


def _given(benefit: Benefit, plan: str) -> bool:
    return any(isinstance(holder, PlanTest) and plan in (holder.any_of or (plan,)) for holder in benefit.given_to)


def left_of_plan(enrollment: Enrollment, plan: str) -> Iterator[str]:
    """Of each benefit that the member holds by the plan, how often they may still use it: `Coffee: 3 of 10 left`."""
    for each in benefits_held(enrollment):
        if each.allowed is not None and f"plan:{plan}" in each.causes:
            name = text_in(each.benefit.name, (get_language() or "en")[:2])
            told = {"name": name, "left": each.allowed.left, "n": each.allowed.uses}
            if each.allowed.renews_on is None:
                yield _("%(name)s: %(left)d of %(n)d left") % told
            else:
                told["day"] = short_day(each.allowed.renews_on)
                yield _("%(name)s: %(left)d of %(n)d left, anew on %(day)s") % told


def _line(benefit: Benefit, parts: list[str]) -> str:
    name = text_in(benefit.name, (get_language() or "en")[:2])
    said = [part for part in parts if part and part.lower() != name.lower()]
    return f"{name}: {', '.join(said)}" if said else name
