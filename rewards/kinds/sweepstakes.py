"""Entries in a sweepstake for points: entered when the redemption becomes final, gone with it while it is open."""

from __future__ import annotations

from draws.definition import SECTION
from draws.entering import entries_add, entries_remove
from draws.models import Sweepstake, SweepstakeEntry
from draws.selectors import sweepstake_of
from loyalty.definition.document import Document
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Problems, unknown
from loyalty.definition.sections import section_of
from loyalty.models import Program
from rewards.kinds import Handing, kind_handler
from rewards.kinds.shapes import SweepstakeEntry as Kind


def entries_issue(handing: Handing) -> None:
    """SweepstakeUnknown, SweepstakeClosed, EntriesReached, CountryExcluded, TooYoung: then nothing was redeemed."""
    kind: Kind = handing.kind
    row = handing.redemption
    entries_add(
        sweepstake=sweepstake_of(row.reward.program_id, kind.sweepstake), enrollment=row.enrollment,
        way=SweepstakeEntry.Way.REWARD, cause=f"redemption:{row.pk}", number=kind.entries, actor=handing.actor,
    )  # fmt: skip


def entries_take_back(handing: Handing) -> None:
    """SweepstakeClosed once the list is frozen: then the redemption stays, too."""
    row = handing.redemption
    cause = f"redemption:{row.pk}"
    entered = SweepstakeEntry.objects.filter(enrollment_id=row.enrollment_id, cause__startswith=f"{cause}:")
    for sweepstake in Sweepstake.objects.filter(pk__in=entered.values("sweepstake")).order_by("pk"):
        entries_remove(sweepstake=sweepstake, cause=cause)


def document_sweepstakes_known(program: Program, document: Document) -> Problems:
    """A reward that enters a sweepstake which the document hasn't would only refuse. A program without any sweepstakes
    yet is let be."""
    rewards, sweepstakes = section_of(document.sections, "rewards"), section_of(document.sections, SECTION)
    if sweepstakes is None:
        return
    known = {each.code for each in sweepstakes.items}
    for index, piece in enumerate(rewards.items if rewards is not None else ()):
        if isinstance(piece.kind, Kind) and piece.kind.sweepstake not in known:
            path = f"sections.rewards.items[{index}].kind.sweepstake"
            yield unknown(path, phrase("sweepstake"), piece.kind.sweepstake, known)


kind_handler("sweepstake_entry", issue=entries_issue, revoke=entries_take_back)
