"""A named message in one reader's words: its placeholders filled with what is true of the member when it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from zoneinfo import ZoneInfo

from django.db.models import Sum
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from msgspec import Struct

from engagement.messages.definition import PLACEHOLDER, MessageTemplate
from loyalty.definition.document import Document
from loyalty.definition.translation import Teller, text_in
from loyalty.models import Enrollment, Event, PointsEntry, TierStanding
from loyalty.selectors import balances_of
from loyalty.templatetags.points import points
from tenants.context import current_brand


class Wording(Struct, frozen=True):
    """subject, text: of the letter. purpose: see MessageTemplate."""

    subject: str
    text: str
    purpose: str


class Said(Struct, frozen=True):
    """What placeholders stand for. earned, balances: minor units by currency. tiers: by ladder, missing for the
    lowest."""

    name: str
    day: date
    earned: Mapping[str, int]
    balances: Mapping[str, int]
    tiers: Mapping[str, str]


def said_of(place: Enrollment, event: Event, document: Document) -> Said:
    """Of the member now, and of the event: the day that it happened on in the program, and what it gave."""
    given = PointsEntry.objects.filter(event=event, kind=PointsEntry.Kind.EARN)
    return Said(
        name=place.member.name,
        day=event.occurred_at.astimezone(ZoneInfo(document.program.time_zone)).date(),
        earned=dict(given.values_list("account__currency").annotate(sum=Sum("points"))),
        balances={each.currency: each.balance for each in balances_of(place)},
        tiers=dict(TierStanding.objects.filter(enrollment=place).values_list("ladder", "tier")),
    )


def said_for_show(document: Document, *, name: str, day: date) -> Said:
    """Made up, for a preview: some of every currency, and the highest tiers."""
    some = {each.code: 25 * 10**each.scale for each in document.currencies}
    more = {code: 10 * points for code, points in some.items()}
    tops = {each.code: each.tiers[-1].code for each in document.ladders if each.tiers}
    return Said(name=name, day=day, earned=some, balances=more, tiers=tops)


def wording_of(template: MessageTemplate, document: Document, said: Said, language: str) -> Wording:
    """The template in that language. A value that holds braces of its own stays as it is."""
    with translation.override(language):
        values = _values(document, said, Teller(document, _, language))

        def fill(text: str) -> str:
            # In a draft something may be named that is gone; publishing refuses it.
            return PLACEHOLDER.sub(lambda found: values[found[1]]() if found[1] in values else found[0], text)

        return Wording(
            subject=fill(text_in(template.subject, language)),
            text=fill(text_in(template.text, language)),
            purpose=template.purpose,
        )


def _values(document: Document, said: Said, teller: Teller) -> dict[str, Callable[[], str]]:
    def amount(code: str, of: Mapping[str, int]) -> str:
        return points(of.get(code, 0), document.currency(code))

    def tier(ladder: str) -> str:
        found = document.ladder(ladder)
        return teller.tier(ladder, said.tiers.get(ladder) or found.tiers[0].code)

    def earned() -> str:
        given = [each.code for each in document.currencies if said.earned.get(each.code)]
        codes = given or [document.currencies[0].code]
        return teller.list_and([amount(code, said.earned) for code in codes])

    brand = current_brand()
    values: dict[str, Callable[[], str]] = {
        # “Dear member” reads well where nobody's name is known.
        "name": lambda: said.name or _("member"),
        "brand": lambda: brand.name if brand is not None else "",
        "program": lambda: teller.text(document.program.name),
        "date": lambda: date_format(said.day, "DATE_FORMAT"),
        "earned": earned,
        "balance": lambda: amount(document.currencies[0].code, said.balances),
        "tier": lambda: tier(document.ladders[0].code),
    }
    for each in document.currencies:
        values[f"earned.{each.code}"] = lambda code=each.code: amount(code, said.earned)  # type: ignore[misc]  # mypy infers no lambda with a default
        values[f"balance.{each.code}"] = lambda code=each.code: amount(code, said.balances)  # type: ignore[misc]  # mypy infers no lambda with a default
    for ladder in document.ladders:
        values[f"tier.{ladder.code}"] = lambda code=ladder.code: tier(code)  # type: ignore[misc]  # mypy infers no lambda with a default
    return values
