"""What members-only content shows, and when: pages, links and files for those who have taken it; pictures for all."""

from __future__ import annotations

from datetime import datetime

from django.http import Http404

from core import clock
from loyalty.definition.compile import local_time
from rewards.files import JPEG
from rewards.kinds.shapes import Content
from rewards.models import Redemption, Reward, RewardFile
from rewards.pieces import kind_of, zone_of


def content_open(kind: Content, program_id: int) -> tuple[datetime | None, bool]:
    """When it opens, if that is still to come, and whether it is open now."""
    zone, now = zone_of(program_id), clock.now()
    opens = local_time(kind.opens_at, zone) if kind.opens_at else None
    closes = local_time(kind.closes_at, zone) if kind.closes_at else None
    if opens is not None and now < opens:
        return opens, False
    return None, closes is None or now < closes


def content_shown(reward: Reward) -> bool:
    """Whether who has taken it may have seen it by now: its opening has come."""
    kind = kind_of(reward)
    return isinstance(kind, Content) and content_open(kind, reward.program_id)[0] is None


def content_file(redemption: Redemption) -> RewardFile:
    """The file of a reward that is the member's, while it is open; else it isn't there."""
    kind = kind_of(redemption.reward)
    if not isinstance(kind, Content) or kind.file is None or redemption.state not in ("redeemed", "used"):
        raise Http404
    found = RewardFile.objects.filter(digest=kind.file).first()
    if found is None or not content_open(kind, redemption.reward.program_id)[1]:
        raise Http404
    return found


def picture_file(digest: str) -> RewardFile:
    """A picture that a reward shows; files for members aren't pictures, and aren't there."""
    found = RewardFile.objects.filter(digest=digest, media_type=JPEG).first()
    if found is None or not Reward.objects.filter(picture=digest).exists():
        raise Http404
    return found
