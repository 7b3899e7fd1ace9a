"""What the catalogue has to say before a document is published: what only tables can tell."""

from __future__ import annotations

from loyalty.definition.acteffects import IssueReward
from loyalty.definition.document import Document
from loyalty.definition.phrases import phrase
from loyalty.definition.problems import Problem, Problems, unknown
from loyalty.definition.sections import parts_everywhere, section_of
from loyalty.models import Program
from rewards.kinds import handler_of
from rewards.kinds.shapes import Content
from rewards.models import Redemption, Reward, RewardFile
from rewards.section import RewardPiece

GONE = (Redemption.State.CANCELED, Redemption.State.LAPSED)


def rooms_say(program: Program, piece: RewardPiece, path: str) -> Problems:
    """A stock below what is taken, a file that nobody uploaded, a supplier or a sweepstake that isn't there."""
    if piece.stock is not None:
        taken = Redemption.objects.filter(reward__program=program, reward__code=piece.code, stock_bucket__isnull=False)
        sold = taken.exclude(state__in=GONE).count()
        if piece.stock < sold:
            yield Problem(
                f"{path}.stock",
                phrase("%(sold)s are taken already.", sold=sold),
                phrase("The stock is at least %(sold)s.", sold=sold),
            )
    files = {f"{path}.picture": piece.picture}
    if isinstance(piece.kind, Content):
        files[f"{path}.kind.file"] = piece.kind.file
    for where, digest in files.items():
        if digest is not None and not RewardFile.objects.filter(digest=digest).exists():
            yield Problem(
                where,
                phrase("This file isn't there."),
                phrase("Upload it under pictures and files, and name it again."),
            )
    check = handler_of(piece.kind).problems
    if check is not None:
        yield from check(program, piece.kind, f"{path}.kind")


def document_rewards_checked(program: Program, document: Document) -> Problems:
    """Every piece of the section; and a rule that gives a reward which isn't there would give nothing.

    A program without any rewards yet is let be.
    """
    section = section_of(document.sections, "rewards")
    pieces = section.items if section is not None else ()
    for index, piece in enumerate(pieces):
        yield from rooms_say(program, piece, f"sections.rewards.items[{index}]")
    known = {*Reward.objects.filter(program=program).values_list("code", flat=True), *(each.code for each in pieces)}
    if not known:
        return
    for path, effect in parts_everywhere(document, IssueReward):
        if effect.reward not in known:
            yield unknown(f"{path}.reward", phrase("reward"), effect.reward, known)
