"""What the loyalty room refuses, in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.errors import Conflict, DomainError, InvalidInput, NotFound


class InsufficientPoints(Conflict):
    """context: balance and price, in minor units of the currency."""

    code = "insufficient_points"
    title = _("There are not enough points.")
    hint = _("Nothing was taken. Try again once there are enough, or for fewer points.")


class UnknownMember(NotFound):
    code, status = "unknown_member", 422
    title = _("No member is known by this.")
    hint = _("Create the member first, or send `member: null` for a guest's order.")


class UnknownEventType(InvalidInput):
    code = "unknown_event_type"
    title = _("This event type is not known.")


class UnknownProgram(NotFound):
    code, status = "unknown_program", 422
    title = _("There is no program by this name.")


class ProgramRequired(InvalidInput):
    code = "program_required"
    title = _("There are several programs; say which one.")
    hint = _("Send `program` with the program's short name.")


class MemberSuspended(Conflict):
    code = "member_suspended"
    title = _("This member is suspended.")


class EventConflict(Conflict):
    code = "event_conflict"
    title = _("An event with this id was sent before, with another body.")
    hint = _("Send a new event under a new id; an event that was accepted is never changed.")


class OrderConflict(Conflict):
    code = "order_conflict"
    title = _("This order number was paid before, under another event id.")


class ReturnTooLarge(Conflict):
    code = "return_too_large"
    title = _("More would be returned than the order was worth.")


class DraftChanged(Conflict):
    code = "draft_changed"
    title = _("Someone changed this draft meanwhile; nothing was overwritten.")
    hint = _("Open the draft again and make your change on the newest state.")


class ProgramInvalid(InvalidInput):
    """context: problems, a list of {path, problem, mend}."""

    code = "program_invalid"
    title = _("The program can't be published like this.")


class NothingToAdjust(DomainError):
    code, status = "adjustment_empty", 422
    title = _("An adjustment needs a number of points other than zero and a reason.")


class OccurredInFuture(InvalidInput):
    code = "occurred_in_future"
    title = _("occurred_at lies more than 24 hours in the future.")
    hint = _("Check the sender's clock and time zone.")


class NotBooked(DomainError):
    """Only in a bulk: the row alone failed on our side; nothing of it was kept."""

    code, status = "not_booked", 500
    title = _("This row could not be booked; nothing of it was kept.")
    hint = _("Send it again; if it keeps failing, tell us its id.")


class PlayerNameTaken(Conflict):
    code = "player_name_taken"
    title = _("Somebody has this name already.")
    hint = _("Choose another one.")


class ProgramUnpublished(Conflict):
    code = "program_unpublished"
    title = _("The program has no published version.")


class ReturnMemberMismatch(InvalidInput):
    code = "return_member_mismatch"
    title = _("This order belongs to another member.")


class BacktestRunning(Conflict):
    code = "backtest_running"
    title = _("A backtest of this program is running.")
    hint = _("Wait until it is done, or cancel it.")


class BacktestOver(Conflict):
    code = "backtest_over"
    title = _("This backtest is over; there is nothing to cancel.")


class HoldClosed(Conflict):
    """context: state and captured, where they are known."""

    code = "hold_closed"
    title = _("This hold was captured, released or ran out before.")


class HoldKept(Conflict):
    """context: kept_for, what it belongs to."""

    code = "hold_kept"
    title = _("These points are held for a reward or an order: they can’t be captured or released by themselves.")
    hint = _("Capture or cancel the reservation, or the payment in points, that they are held for.")


class NotSpendable(InvalidInput):
    code = "not_spendable"
    title = _("Points of this currency count for tiers and can't be spent.")


class TransferNotAllowed(Conflict):
    code = "transfer_not_allowed"
    title = _("Points of this currency can't be given to other members.")


class TransferLimit(Conflict):
    """context: left, in minor units of the currency; period: day or month."""

    code = "transfer_limit_reached"
    title = _("More would be given away than one member may in this time.")


class AdjustmentClosed(Conflict):
    """context: state."""

    code = "adjustment_closed"
    title = _("This adjustment was decided before, or nobody looked at it in time.")


class SecondPersonNeeded(DomainError):
    code, status = "second_person_needed", 403
    title = _("Another person than the one who asked for it has to approve this.")


class PoolRefused(Conflict):
    code = "pool_refused"
    title = _("These members can't share an account.")


class VersionInForce(Conflict):
    code = "version_in_force"
    title = _("This version is in force, or takes effect within the minute: it can't be withdrawn any more.")
    hint = _("To go back, publish an older version again.")


class VersionWithdrawn(Conflict):
    code = "version_withdrawn"
    title = _("This version was withdrawn before.")


class VersionsMoved(Conflict):
    code = "versions_moved"
    title = _("Another version was published or withdrawn since you looked.")
    hint = _("Look at what would change now, then decide again.")


class BackfillOver(Conflict):
    code = "backfill_over"
    title = _("This count from before is over, or was canceled already.")
