"""What is refused about benefits; nothing is noted then."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.errors import Conflict, NotFound


class BenefitNotFound(NotFound):
    code = "benefit_not_found"
    title = _("The program has no such benefit.")


class BenefitUseNotFound(NotFound):
    code = "benefit_use_not_found"
    title = _("There is no such use of a benefit.")


class BenefitNotHeld(Conflict):
    """context: needs, in words, what would give it; begins_at and ended_at where the benefit itself has dates."""

    code = "benefit_not_held"
    title = _("The member doesn’t hold this benefit at that time.")


class AllowanceUsed(Conflict):
    """context: allowed, left, and the local day that a new period begins on (renews_on; null: never)."""

    code = "allowance_used"
    title = _("The benefit was used as often as it may be in this period.")


class BenefitIsCode(Conflict):
    code = "benefit_is_code"
    title = _("This benefit is a partner’s code: the member takes it on their own page, where nobody else sees it.")


class NoCodesLeft(Conflict):
    code = "no_codes_left"
    title = _("There are no codes left just now.")
    hint = _("Try again later: what may be taken stays so.")


class BenefitUseConflict(Conflict):
    code = "benefit_use_conflict"
    title = _("A use with this id was sent before, and said something else.")
    hint = _("Send a new use under a new id; one that was noted is never changed.")


class BenefitUseTakenBack(Conflict):
    code = "benefit_use_taken_back"
    title = _("This use was taken back before.")


class BenefitGiven(Conflict):
    code = "benefit_given"
    title = _("The member holds this benefit by hand already.")


class GrantClosed(Conflict):
    code = "benefit_grant_closed"
    title = _("This benefit has ended, or the program gives it; by hand it can't be ended.")
