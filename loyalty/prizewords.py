"""What completing an achievement gives, in words for members: names instead of codes, nothing of the machinery.

Rewards belong to a room above: it says their names through reward_names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from loyalty.definition.achievements import Prize
from loyalty.definition.acteffects import EnterSweepstake, GrantBadge, IssueReward
from loyalty.definition.basics import LocalText
from loyalty.definition.document import Document
from loyalty.definition.effects import PointsFixed
from loyalty.definition.translation import N_, Say, text_in
from loyalty.showcase import MemberTeller

Namer = Callable[[str], LocalText | None]
_namers: list[Namer] = []


def reward_names(namer: Namer) -> None:
    """Called once in ready(): the name of the reward of that code, None for one that there isn't."""
    _namers.append(namer)


def prizes_text(document: Document, effects: Iterable[Prize], say: Say, language: str) -> str:
    """ "100 points and the badge 🏅 Regular"; "" where members are given nothing that they would notice."""
    teller = MemberTeller(document, say, language)
    parts = []
    for each in effects:
        if isinstance(each, PointsFixed | EnterSweepstake):
            parts.append(each.words(teller))
        elif isinstance(each, GrantBadge):
            badge = next((one for one in document.badges if one.code == each.badge), None)
            if badge is not None:
                name = f"{badge.icon} {teller.text(badge.name)}".strip()
                parts.append(teller.tell(N_("the badge %(badge)s"), badge=name))
        elif isinstance(each, IssueReward):
            parts.append(_reward(each, teller, language))
    return teller.list_and(parts)


def _reward(each: IssueReward, teller: MemberTeller, language: str) -> str:
    names = [name for namer in _namers if (name := namer(each.reward))]
    name = text_in(names[0], language) if names else teller.say(N_("a reward"))
    return f"{each.quantity} × {name}" if each.quantity > 1 else name
