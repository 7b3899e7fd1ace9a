"""What the rewards room refuses: points, stock and codes stay as they were."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.errors import Conflict, DomainError, NotFound


class NotOffered(Conflict):
    code = "reward_not_offered"
    title = _("This reward is not offered now.")


class TierTooLow(Conflict):
    code = "tier_too_low"
    title = _("This reward is for other tiers.")
    hint = _("Nothing was taken. Offer it again once the member holds one of its tiers.")


class NotForSegment(Conflict):
    code = "not_for_segment"
    title = _("This reward is for other members.")


class NotInCountry(Conflict):
    code = "not_in_country"
    title = _("This reward isn’t available in this country.")
    to_member = _("This reward isn’t available in your country.")


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
    title = _("The code of this reward was shown, so the member can’t give it back.")
    to_member = _("You have this reward’s code, so you can’t give it back.")
    hint = _("Is something wrong with it? The team can still cancel it.")


class DonationGiven(Conflict):
    """The cause may count on it, and everybody saw the total. The team may still undo one."""

    code = "donation_given"
    title = _("A donation is a gift and isn’t taken back. Was it a mistake? The team can still undo it.")
    to_member = _("A donation is a gift, so you can’t take it back. Was it a mistake? Please contact us.")


class ContentSeen(Conflict):
    """With the points back they would have read it for nothing."""

    code = "content_seen"
    title = _("This is open to the member already, so it can’t be given back.")
    to_member = _("This is open to you already, so you can’t give it back.")


class NotUsed(Conflict):
    code = "redemption_not_used"
    title = _("Only the points of a reward that was used are refunded.")
    hint = _("One that isn’t used is canceled: then its points are back, too.")


class RefundedBefore(Conflict):
    code = "redemption_refunded"
    title = _("The points of this reward were given back already.")


class NothingPaid(Conflict):
    code = "nothing_paid"
    title = _("No points were paid for this reward.")


class UseTooLate(Conflict):
    code = "redemption_expired"
    title = _("This reward can't be used any more: its time is over.")


class ReservationOver(Conflict):
    code = "reservation_over"
    title = _("This reservation has ended; the points are back.")
    hint = _("Take the reward anew. Give money that was paid for it back.")


class NotReserved(Conflict):
    code = "not_reserved"
    title = _("This reward isn’t reserved: it was taken already.")


class StillReserved(Conflict):
    code = "still_reserved"
    title = _("This reward is only reserved as yet.")


class MoneyDue(Conflict):
    code = "money_due"
    title = _("The money part isn’t paid yet.")


class MoneyDiffers(Conflict):
    code = "money_differs"
    title = _("This isn’t the amount that is due.")


class PayUnknown(Conflict):
    code = "pay_option_unknown"
    title = _("This reward can't be paid in that way.")


class ParcelSent(Conflict):
    code = "parcel_sent"
    title = _("The parcel is on its way, so this can’t be canceled any more.")


class VoucherNotFound(NotFound):
    code = "voucher_not_found"
    title = _("There is no such code.")


class VoucherForeign(Conflict):
    code = "voucher_not_theirs"
    title = _("This code is another member’s.")


class VoucherUsed(Conflict):
    code = "voucher_used"
    title = _("This code was used already.")


class VoucherVoid(Conflict):
    code = "voucher_void"
    title = _("This code isn’t valid any more.")


class VoucherExpired(Conflict):
    code = "voucher_expired"
    title = _("The time of this code is over.")


class VoucherShort(Conflict):
    code = "voucher_balance_too_low"
    title = _("There is less on it than that.")


class VoucherCurrency(Conflict):
    code = "voucher_currency_differs"
    title = _("This code is in another currency.")


class GuessingLocked(DomainError):
    code, status = "guessing_locked", 429
    title = _("Too many codes that aren’t there were asked for.")
    hint = _("Wait until the lock is over. Let members type a code in only as often as they need.")
