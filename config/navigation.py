"""The admin's menu, in the order of the work. What someone may not see isn't in it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _


def _item(request: HttpRequest, title: str, icon: str, model: str) -> dict[str, Any] | None:
    """A line of the menu for the list of `app.model`, None without the permission to look at it."""
    app, name = model.split(".")
    if not request.user.has_perm(f"{app}.view_{name}"):
        return None
    url = reverse(f"admin:{app}_{name}_changelist")
    return {"title": title, "icon": icon, "link": url, "active": request.path.startswith(url)}


def _group(title: str, *items: dict[str, Any] | None) -> dict[str, Any]:
    return {"title": title, "separator": False, "items": [item for item in items if item is not None]}


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Groups for unfold; empty groups are left out."""
    home = reverse("admin:index")
    start = {"title": _("Dashboard"), "icon": "space_dashboard", "link": home, "active": request.path == home}
    groups = [
        _group(
            "",
            start,
            _item(request, _("Members"), "group", "members.member"),
            _item(request, _("Segments"), "groups", "members.segment"),
        ),
        _happened(request),
        _group(
            _("Program"),
            _item(request, _("Programs"), "loyalty", "loyalty.program"),
            _item(request, _("Earning rules"), "rule", "loyalty.earningrule"),
            _item(request, _("Point currencies"), "toll", "loyalty.pointcurrency"),
            _item(request, _("Tiers"), "stairs", "loyalty.ladder"),
            _item(request, _("Further parts"), "extension", "loyalty.draftpart"),
            _item(request, _("Published versions"), "history_edu", "loyalty.programversion"),
            _item(request, _("Backtests"), "fast_rewind", "loyalty.backtestrun"),
        ),
        _rewards(request),
        _memberships(request),
        _house(request),
    ]
    return [group for group in groups if group["items"]]


def _rewards(request: HttpRequest) -> dict[str, Any]:
    """What members take, and what it leads to."""
    return _group(
        _("Rewards"),
        _item(request, _("Catalogue"), "redeem", "rewards.reward"),
        _item(request, _("Code pools"), "password", "rewards.codepool"),
        _item(request, _("Pictures and files"), "image", "rewards.rewardfile"),
        _item(request, _("Redemptions"), "shopping_cart_checkout", "rewards.redemption"),
        _item(request, _("Vouchers"), "confirmation_number", "rewards.voucher"),
        _item(request, _("Parcels"), "package_2", "rewards.fulfilment"),
        _item(request, _("Boxes"), "inventory_2", "billing.shipment"),
        _item(request, _("Waiting lists"), "hourglass_top", "rewards.waitingplace"),
        _item(request, _("Benefits"), "loyalty", "rewards.benefit"),
        _item(request, _("Uses of benefits"), "task_alt", "rewards.benefituse"),
        _item(request, _("Payments in points"), "payments", "rewards.cartpayment"),
        _item(request, _("Sweepstakes"), "casino", "draws.sweepstake"),
        _item(request, _("Product panels"), "science", "panels.panel"),
        _item(request, _("Suppliers"), "local_shipping", "rewards.supplierconnection"),
        _item(request, _("Products of suppliers"), "storefront", "rewards.supplierproduct"),
        _item(request, _("Orders at suppliers"), "receipt", "rewards.supplierorder"),
        _item(request, _("Comparisons with suppliers"), "compare_arrows", "rewards.supplierreconciliation"),
    )


def _memberships(request: HttpRequest) -> dict[str, Any]:
    """Plans that are paid for, and how the money comes in."""
    return _group(
        _("Memberships"),
        _item(request, _("Subscriptions"), "card_membership", "billing.subscription"),
        _item(request, _("Plans"), "workspace_premium", "billing.membershipplan"),
        _item(request, _("Promotion codes"), "sell", "billing.promotioncode"),
        _item(request, _("Invoices"), "receipt", "billing.invoice"),
        _item(request, _("Disputes"), "gavel", "billing.dispute"),
        _item(request, _("Win-back offers"), "waving_hand", "billing.winbackoffer"),
        _item(request, _("Account at Stripe"), "account_balance", "billing.stripeconnection"),
        _item(request, _("Comparisons with Stripe"), "compare_arrows", "billing.billingreport"),
        _item(request, _("Events of Stripe"), "webhook", "billing.stripeevent"),
        _item(request, _("Events in quarantine"), "report", "billing.quarantinedevent"),
    )


def _happened(request: HttpRequest) -> dict[str, Any]:
    """What came in, and what of it waits for somebody."""
    return _group(
        _("What happened"),
        _item(request, _("Events"), "bolt", "loyalty.event"),
        _item(request, _("Orders"), "shopping_bag", "loyalty.order"),
        _item(request, _("Ledger"), "receipt_long", "loyalty.pointsentry"),
        _item(request, _("Adjustments to approve"), "approval", "loyalty.pointsadjustment"),
        _item(request, _("Claims"), "fact_check", "claims.claim"),
        _item(request, _("Friends"), "group_add", "referrals.referral"),
        _item(request, _("Codes of friends"), "qr_code_2", "referrals.referralcode"),
        _item(request, _("Imports"), "upload_file", "loyalty.importjob"),
        _item(request, _("Names on leaderboards"), "leaderboard", "loyalty.leaderboardplayer"),
        _item(request, _("Check-ins"), "where_to_vote", "claims.checkin"),
        _item(request, _("Places"), "location_on", "claims.place"),
    )


def _house(request: HttpRequest) -> dict[str, Any]:
    """What runs the brand's own house."""
    return _group(
        _("Administration"),
        _item(request, _("API keys"), "key", "partners.apikey"),
        _item(request, _("Token keys"), "verified_user", "rewards.tokenkey"),
        _item(request, _("Team"), "badge", "members.user"),
        _item(request, _("Audit trail"), "manage_search", "core.auditentry"),
        _item(request, _("Outgoing messages"), "outbox", "core.outboxmessage"),
        _item(request, _("Job runs"), "schedule", "core.jobrun"),
    )
