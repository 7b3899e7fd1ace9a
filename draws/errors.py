"""What this room refuses: nothing was entered, nothing was drawn."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.errors import Conflict, InvalidInput, NotFound


class SweepstakeUnknown(NotFound):
    code = "sweepstake_not_found"
    title = _("There is no such sweepstake.")


class SweepstakeClosed(Conflict):
    """context: opens_at, closes_at."""

    code = "sweepstake_closed"
    title = _("This sweepstake isn't open.")


class EntriesReached(Conflict):
    """context: limit."""

    code = "entries_reached"
    title = _("There are as many entries as a member may have.")
    to_member = _("You have as many entries as a member may have.")


class NoFreeEntry(Conflict):
    code = "no_free_entry"
    title = _("This sweepstake has no free entries.")


class CountryExcluded(Conflict):
    """context: countries."""

    code = "country_excluded"
    title = _("This sweepstake isn't for members of this country.")
    to_member = _("This sweepstake isn't for members of your country.")
    hint = _("It goes by the country of the member that is known here.")


class TooYoung(Conflict):
    """Or without a date of birth. context: min_age."""

    code = "too_young"
    title = _("Taking part needs a date of birth that is known, and the age that was set.")
    to_member = _("You must be older to take part, and your date of birth must be known.")
    hint = _("A member fills in the date of birth in the profile.")


class NotDrawable(Conflict):
    """context: state."""

    code = "sweepstake_not_drawable"
    title = _("This sweepstake can't be drawn now.")


class OutsideMissing(InvalidInput):
    """context: source."""

    code = "announced_value_missing"
    title = _("This draw is bound to a public value: enter it as it was announced.")


class OutsideUnasked(InvalidInput):
    code = "announced_value_not_asked_for"
    title = _("This draw isn't bound to a public value.")
    hint = _("Leave it out.")


class NotAnnounced(Conflict):
    """context: announced_at."""

    code = "value_not_announced"
    title = _("The value that this draw is bound to isn't announced yet.")


class NotCancelable(Conflict):
    """context: state."""

    code = "sweepstake_not_cancelable"
    title = _("This sweepstake was drawn and can't be canceled any more.")


class NothingToAccept(Conflict):
    """Nobody's, somebody else's, given already, or the day is over."""

    code = "no_prize_to_accept"
    title = _("There is no prize to accept here for this member.")
    to_member = _("There is no prize for you to accept here.")
    hint = _("It may have been accepted already, or the day for it is over.")


class NoWinner(Conflict):
    """Of this place nobody can be passed over."""

    code = "not_a_winner"
    title = _("Nobody on this place has a prize.")
