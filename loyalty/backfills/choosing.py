"""Which counters of a document could be counted from stored events, and how much there would be to read."""

from __future__ import annotations

from collections.abc import Collection
from typing import get_args

import msgspec
from django.db import connection
from django.utils.translation import gettext as _

from core.errors import InvalidInput
from loyalty.definition.basics import LocalText
from loyalty.definition.conditions import (
    All,
    AnyOf,
    AttributeTest,
    Condition,
    LineTest,
    NoneOf,
    SeasonTest,
    TimeTest,
)
from loyalty.definition.counters import Counter
from loyalty.definition.document import Document
from loyalty.definition.problems import DefinitionError
from loyalty.definition.read import document_shape
from loyalty.definition.walking import parts_of
from loyalty.drafts import draft_plain
from loyalty.models import Program, ProgramVersion
from loyalty.published import newest_version

# What an event says by itself, so that it can be asked of one that is long over.
OF_EVENT = (All, AnyOf, NoneOf, AttributeTest, LineTest, SeasonTest, TimeTest)


class FreshCounter(msgspec.Struct, frozen=True):
    """A counter that the newest version doesn't have. events: stored ones of its type. countable: whether what it asks
    of them is known of events that are over; tiers, segments and what is kept of a member aren't."""

    code: str
    name: LocalText
    trigger: str
    events: int
    countable: bool


def counters_fresh(program: Program, document: Document) -> list[FreshCounter]:
    """In the order of the document; none for a first version, before which nothing was stored."""
    newest = newest_version(program)
    if newest is None:
        return []
    known = {each.code for each in document_shape(newest.document).counters}
    found = [each for each in document.counters if each.code not in known]
    stored = _stored(program, {each.trigger for each in found})
    return [
        FreshCounter(each.code, each.name, each.trigger, stored.get(each.trigger, 0), countable(each))
        for each in found
    ]  # fmt: skip


def draft_counters_fresh(program: Program) -> list[FreshCounter]:
    """Of the draft; none while it is out of shape."""
    try:
        return counters_fresh(program, document_shape(draft_plain(program)))
    except DefinitionError:
        return []


def again_counters_fresh(version: ProgramVersion) -> list[FreshCounter]:
    """The same of an older version that is published again."""
    return counters_fresh(version.program, document_shape(version.document))


def countable(counter: Counter) -> bool:
    for kind in get_args(Condition):
        for _path, part in parts_of(counter.when, kind):
            if not isinstance(part, OF_EVENT) or getattr(part, "zone", "program") == "member":
                return False
    return True


def counters_checked(program: Program, document: Document, codes: Collection[str]) -> list[str]:
    """The codes in the order of the document. InvalidInput for one that isn't new, or can't be counted."""
    fresh = {each.code: each for each in counters_fresh(program, document)}
    for code in codes:
        if code not in fresh:
            raise InvalidInput(
                _("%(code)s isn’t a counter that this version brings.") % {"code": code}, field="count_back"
            )
        if not fresh[code].countable:
            raise InvalidInput(
                _(
                    "%(code)s asks for what isn’t known of events that are over, such as a tier or a segment. "
                    "It can only start at zero."
                )
                % {"code": code},
                field="count_back",
            )
    return [code for code in fresh if code in codes]


def _stored(program: Program, types: set[str]) -> dict[str, int]:
    if not types:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT type, count(*) FROM loyalty_event WHERE program_id = %s AND type = ANY (%s)"
            " AND version_id IS NOT NULL GROUP BY type",
            [program.pk, sorted(types)],
        )
        return dict(cursor.fetchall())
