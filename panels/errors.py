"""What this room refuses: nobody applied, nobody was chosen, nothing moved."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.errors import Conflict, InvalidInput, NotFound


class PanelUnknown(NotFound):
    code = "panel_not_found"
    title = _("There is no such product panel.")


class ApplicationUnknown(NotFound):
    code = "panel_application_not_found"
    title = _("There is no such application.")


class PanelClosed(Conflict):
    """context: opens_at, closes_at."""

    code = "panel_closed"
    title = _("Nobody can apply for this product panel now.")


class NotEligible(Conflict):
    """context: reasons (tier, segment, country, age, benefit)."""

    code = "panel_not_for_member"
    title = _("This product panel is for other members.")


class ApplicationDecided(Conflict):
    """context: state."""

    code = "panel_application_decided"
    title = _("This application was decided already.")


class NoUnitsLeft(Conflict):
    """context: left, wanted."""

    code = "panel_no_units_left"
    title = _("There are fewer products left than members to be chosen.")
    hint = _("Choose fewer, or let some stand by.")


class NotDrawable(Conflict):
    code = "panel_not_drawable"
    title = _("Lots can’t be drawn for this product panel now.")


class StillOpen(Conflict):
    """context: closes_at."""

    code = "panel_still_open"
    title = _("Members can still apply.")
    hint = _("Wait until it has closed.")


class TesterUnknown(NotFound):
    code = "panel_tester_not_found"
    title = _("Nobody of this panel has this id.")


class WrongMoment(Conflict):
    """context: state, outcome: where the tester is."""

    code = "panel_wrong_moment"
    title = _("That can’t be done from where this test is.")


class UnderWay(Conflict):
    """context: under_way, how many products are with testers."""

    code = "panel_under_way"
    title = _("Products are with testers already.")
    hint = _("Take them back, or give up on them with a reason, and cancel the panel then.")


class AddressMissing(InvalidInput):
    code = "panel_address_missing"
    title = _("Say where the product is to be sent.")


class RemindedToday(Conflict):
    code = "panel_reminded_today"
    title = _("There was a reminder already in the last 24 hours.")
