"""What is told of a referral to other rooms and to partners: ids only."""

from __future__ import annotations

from typing import Any

from core.actor import Actor
from core.audit import audit_record
from referrals.models import Referral


def told(row: Referral) -> dict[str, Any]:
    return {
        "referral_id": str(row.pk),
        "program": row.program.slug,
        "member_id": str(row.referrer.member.public_id),
        "friend_id": str(row.friend.member.public_id),
        "state": row.state,
        "because": row.because or None,
    }


def audited(row: Referral, action: str, actor: Actor, before: str) -> None:
    """The trail of a decision. The reason stands on the referral itself: it may hold what is personal."""
    audit_record(
        actor=actor.name,
        action=f"referral.{action}",
        object_type="referral",
        object_id=str(row.pk),
        changes={"state": [before, row.state], "signals": sorted(each["kind"] for each in row.signals)},
    )
