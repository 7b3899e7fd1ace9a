"""What this room refuses: nothing was kept, nothing was given."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.errors import Conflict, DomainError, InvalidInput, NotFound


class ReferralsOff(Conflict):
    code = "referrals_off"
    title = _("Bringing friends is not part of this program now.")


class CodeUnknown(NotFound):
    code = "referral_code_unknown"
    title = _("There is no such code.")
    hint = _("Check the code with whoever gave it to you.")


class CodeTaken(Conflict):
    code = "referral_code_taken"
    title = _("Somebody else has this code.")
    hint = _("Choose another one.")


class CodeNotChosen(Conflict):
    """Members can't choose their own codes in this program."""

    code = "referral_code_fixed"
    title = _("Codes can't be chosen in this program.")


class OwnCode(InvalidInput):
    code = "own_referral_code"
    title = _("Nobody can bring themselves.")


class AlreadyBrought(Conflict):
    code = "already_referred"
    title = _("This friend was brought by somebody already.")


class NoNewFriend(Conflict):
    """context: joined_at, join_days."""

    code = "not_a_new_friend"
    title = _("This member joined too long ago to be brought by somebody.")


class CodeOfAnother(InvalidInput):
    code = "referral_code_other_program"
    title = _("This code belongs to another program.")


class ReferralDecided(Conflict):
    """context: state and decided_by, of whoever was first."""

    code = "referral_decided"
    title = _("This referral was decided already.")
    hint = _("Look at it again: somebody else was first, or the friend returned the goods.")


class NotConvertedYet(Conflict):
    code = "referral_not_converted"
    title = _("The friend hasn't taken the first step yet.")


class ReferralUnknown(NotFound):
    code = "referral_not_found"
    title = _("There is no such referral.")


class TooManyCodes(DomainError):
    code, status = "too_many_codes", 429
    title = _("Too many codes were tried that don’t exist.")
    to_member = _("You tried too many codes that don’t exist.")
    hint = _("Wait a quarter of an hour and try again.")
