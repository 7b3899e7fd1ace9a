"""What the rewards room refuses: points, stock and codes stay as they were."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.errors import Conflict


class NotOffered(Conflict):
    code = "reward_not_offered"
    title = _("This reward is not offered now.")


class TierTooLow(Conflict):
    code = "tier_too_low"
    title = _("This reward is for other tiers.")


class SoldOut(Conflict):
    code = "sold_out"
    title = _("This reward is sold out.")


class LimitReached(Conflict):
    code = "limit_reached"
    title = _("This reward was taken as often as it may be.")


class AlreadyUsed(Conflict):
    code = "redemption_used"
    title = _("This reward was used already; it can't be canceled.")


class AlreadyCanceled(Conflict):
    code = "redemption_canceled"
    title = _("This reward was canceled already.")


class CodeShown(Conflict):
    """The member may have used the code elsewhere by now; with the points back they would have both."""

    code = "code_shown"
    title = _("You have this reward’s code, so you can’t give it back.")
    hint = _("Is something wrong with it? Ask us: we can cancel it for you.")


class UseTooLate(Conflict):
    code = "redemption_expired"
    title = _("This reward can't be used any more: its time is over.")
