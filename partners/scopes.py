"""What a key can be allowed: the whole list. Views name these; a test holds that they name no others."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.errors import InvalidInput

SCOPES: dict[str, Promise] = {
    "members:read": _("Read members and their consents"),
    "members:write": _("Create and change members, record consents"),
    "events:write": _("Send events"),
    "events:simulate": _("Ask what an event would come to; nothing is booked"),
    "events:read": _("Read events and how they were judged"),
    "imports:write": _("Upload files of events, start and stop imports"),
    "imports:read": _("Read imports and the rows they refused"),
    "ledger:read": _("Read balances, tiers and the ledger"),
    "points:adjust": _("Give and take points by hand"),
    "points:spend": _("Hold points for orders and spend them"),
    "points:transfer": _("Give a member's points to another"),
    "tiers:write": _("Give members tiers, take them back, invite into them"),
    "programs:read": _("Read programs, their drafts and their published versions"),
    "programs:write": _("Change drafts of programs"),
    "programs:publish": _("Publish drafts and older versions of a program, take scheduled ones back"),
    "programs:backtest": _("Start and cancel backtests of a program"),
    "rewards:read": _("Read the rewards on offer"),
    "redemptions:read": _("Read redemptions and their codes"),
    "redemptions:write": _("Redeem, use and cancel rewards"),
    "carts:quote": _("Ask what carts come to for members"),
    "benefits:read": _("Read what members are entitled to, and get signed tokens of it"),
    "benefits:use": _("Note uses of benefits and take them back"),
    "vouchers:write": _("Check codes at the till and use them up"),
    "claims:read": _("Read claims and their files"),
    "claims:write": _("Send claims for members and take them back"),
    "claims:decide": _("Approve and refuse claims"),
    "referrals:read": _("Read codes of members and who brought whom"),
    "referrals:write": _("Give codes, note who brought whom and traces of members"),
    "referrals:decide": _("Approve and block referrals"),
    "sweepstakes:read": _("Read sweepstakes, members' entries and draws"),
    "sweepstakes:write": _("Enter members into sweepstakes"),
    "sweepstakes:draw": _("Draw sweepstakes and pass winners over"),
    "panels:read": _("Read product panels, who applied and how far they are"),
    "panels:write": _("Apply for members to test products, and withdraw"),
    "panels:select": _("Choose who tests products, by name or by lot"),
    "panels:ship": _("Say that products were sent, arrived and came back"),
    "panels:answers": _("Read what testers answered"),
    "shipments:read": _("Read the boxes of members’ plans and how far they are"),
    "shipments:write": _("Read where boxes go, change them for members, say that they were sent and came back"),
    "memberships:read": _("Read plans, members' subscriptions and their invoices"),
    "memberships:write": _("Begin, change, pause and end members' subscriptions"),
    "memberships:refund": _("Pay back what members paid for subscriptions"),
    "places:read": _("Read the places where members check in"),
    "checkins:read": _("Read check-ins"),
    "checkins:write": _("Check members in"),
}


def scopes_check(scopes: Iterable[str]) -> list[str]:
    """The scopes in the list's order, each once. InvalidInput for none, and for one that doesn't exist."""
    wanted = set(scopes)
    unknown = sorted(wanted - set(SCOPES))
    if unknown:
        raise InvalidInput(gettext("There is no scope “%(scope)s”.") % {"scope": unknown[0][:60]}, field="scopes")
    if not wanted:
        raise InvalidInput(gettext("Choose at least one scope."), field="scopes")
    return [scope for scope in SCOPES if scope in wanted]
