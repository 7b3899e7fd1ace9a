"""What can be wrong with the section `benefits` that its types don't say."""

from __future__ import annotations

import re
from datetime import datetime

from loyalty.definition.lines import tests_problems
from loyalty.definition.partchecks import text_problems, twice_problems
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Ground, Problem, Problems
from rewards.benefits.definition import (
    Benefit,
    BenefitsSection,
    Content,
    Discount,
    EarlyAccess,
    Moment,
    PartnerCode,
    Recognition,
)

MOST_BENEFITS, MOST_HOLDERS, MOST_MOMENTS = 200, 20, 200
_LINK = re.compile(r"(https://[^\s/]+|/(?!/))[^\s]*\Z")


def section_problems(section: BenefitsSection, path: str, ground: Ground) -> Problems:
    here = f"{path}.benefits"
    if len(section.benefits) > MOST_BENEFITS:
        yield Problem(
            here, phrase("There are %(n)d.", n=len(section.benefits)), phrase("At most %(n)d.", n=MOST_BENEFITS)
        )
        return
    yield from twice_problems(section.benefits, here)
    for index, each in enumerate(section.benefits):
        yield from _benefit(each, f"{here}[{index}]", ground)


def _benefit(each: Benefit, path: str, ground: Ground) -> Problems:
    yield from text_problems(each.name, f"{path}.name", 120)
    yield from text_problems(each.description, f"{path}.description", 600, needed=False)
    yield from _gives(each, path)
    if len(each.given_to) > MOST_HOLDERS:
        yield Problem(
            f"{path}.given_to",
            phrase("There are %(n)d.", n=len(each.given_to)),
            phrase("At most %(n)d.", n=MOST_HOLDERS),
        )
        return
    for index, holder in enumerate(each.given_to):
        yield from holder.problems(f"{path}.given_to[{index}]", ground)
    if each.schedule is not None:
        yield from _times(each.schedule.starts_at, each.schedule.ends_at, f"{path}.schedule")
    if len(each.moments) > MOST_MOMENTS:
        yield Problem(
            f"{path}.moments", phrase("There are %(n)d.", n=len(each.moments)), phrase("At most %(n)d.", n=MOST_MOMENTS)
        )
        return
    for index, moment in enumerate(each.moments):
        yield from _moment(moment, f"{path}.moments[{index}]")


def _gives(each: Benefit, path: str) -> Problems:
    gives, here = each.gives, f"{path}.gives"
    if isinstance(gives, Discount):
        yield from _discount(gives, here)
    if isinstance(gives, Recognition):
        yield from text_problems(gives.title, f"{here}.title", 60)
    if isinstance(gives, PartnerCode) and each.allowance is None:
        yield Problem(
            f"{path}.allowance",
            phrase("It isn't said how many codes a member may take."),
            phrase("Say how often, such as 1 × a month."),
        )
    if isinstance(gives, EarlyAccess | Content | PartnerCode):
        yield from link_problems(gives.link, f"{here}.link")


def _discount(gives: Discount, path: str) -> Problems:
    if (gives.percent is None) == (gives.amount_minor is None):
        yield Problem(
            path, phrase("It says a percentage and an amount, or neither."), phrase("Say percent or amount_minor.")
        )
    if gives.percent is not None and not (gives.percent.is_finite() and 0 < gives.percent <= 100):
        yield Problem(
            f"{path}.percent", phrase("A percentage lies above 0 and up to 100."), phrase("Say a number such as 10.")
        )
    elif gives.percent is not None and gives.percent != round(gives.percent, 2):
        yield Problem(
            f"{path}.percent", phrase("It has more than two digits after the point."), phrase("Say one such as 12.5.")
        )
    yield from tests_problems(gives.where, f"{path}.where")


def _moment(moment: Moment, path: str) -> Problems:
    yield from text_problems(moment.name, f"{path}.name", 120)
    yield from text_problems(moment.description, f"{path}.description", 600, needed=False)
    yield from text_problems(moment.place, f"{path}.place", 200, needed=False)
    yield from link_problems(moment.link, f"{path}.link")
    yield from _times(moment.starts_at, moment.ends_at, path)
    if moment.times is not None and moment.repeats is None:
        yield Problem(
            f"{path}.times", phrase("It is said how often, and not that it repeats."), phrase("Say in what it repeats.")
        )


def link_problems(link: str, path: str) -> Problems:
    if link and not _LINK.match(link):
        yield Problem(
            path,
            phrase("%(link)r is no address.", link=link[:60]),
            phrase("Start with https:// or, for a page here, with /."),
        )


def _times(starts_at: str | None, ends_at: str | None, path: str) -> Problems:
    known = True
    for name, text in (("starts_at", starts_at), ("ends_at", ends_at)):
        if text is not None and not _is_time(text):
            known = False
            yield Problem(
                f"{path}.{name}",
                phrase("There is no time %(time)s.", time=text),
                phrase("Say one such as 2027-03-01T00:00."),
            )
    if known and starts_at is not None and ends_at is not None and ends_at <= starts_at:
        yield Problem(
            f"{path}.ends_at", phrase("It ends before it begins."), phrase("Say a later time, or leave it out.")
        )


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
