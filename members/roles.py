"""The staff's roles and what each may do: one table, applied to every brand's groups.

A permission is `app.codename`. roles_sync() makes the groups exactly so; whoever wants a role of their own makes
another group, which is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db import transaction

OWNER, MARKETER, SUPPORT, ANALYST = "owner", "marketer", "support", "analyst"


def _may(app: str, verbs: str, *models: str) -> frozenset[str]:
    """`_may("loyalty", "view add", "program")` → loyalty.view_program, loyalty.add_program."""
    return frozenset(f"{app}.{verb}_{model}" for verb in verbs.split() for model in models)


SEE_PROGRAM = (
    _may(
        "loyalty",
        "view",
        "program",
        "programversion",
        "backtestrun",
        "pointcurrency",
        "earningrule",
        "ladder",
        "tier",
        "draftpart",
    )
    | _may("draws", "view", "sweepstake")
    | _may("panels", "view", "panel")
    | _may("rewards", "view", "reward", "codepool", "rewardstock", "benefit", "rewardfile")
)
SEE_LEDGER = (
    _may(
        "loyalty",
        "view",
        "enrollment",
        "event",
        "order",
        "pointsaccount",
        "pointsentry",
        "pointslot",
        "lotdraw",
        "budget",
        "progresscounter",
        "achievement",
        "tierchange",
        "tierstanding",
        "pointsadjustment",
        "pointshold",
        "pointstransfer",
    )
    | _may(
        "rewards",
        "view",
        "redemption",
        "benefitgrant",
        "benefituse",
        "cartpayment",
        "voucher",
        "fulfilment",
        "waitingplace",
        "donation",
        "storecredit",
    )
    | _may("billing", "view", "shipment")
)
SEE_PEOPLE = (
    _may("loyalty", "view", "leaderboardplayer")
    | _may("members", "view", "member", "consent", "segment")
    | _may("claims", "view", "claim", "checkin")
    | _may("referrals", "view", "referral", "referralcode")
    | _may("panels", "view", "application", "participation")
    | frozenset({"panels.read_answers"})
)
SEE_PLACES = _may("claims", "view", "place") | frozenset({"claims.show_place_code"})

EDIT_PROGRAM = (
    _may("loyalty", "add change delete", "pointcurrency", "earningrule", "ladder", "tier", "draftpart")
    | _may("loyalty", "add change", "program")
    | _may("rewards", "add change", "reward", "codepool", "rewardstock")
    | _may("rewards", "add", "rewardfile")
    | _may("members", "add change", "segment")
    | _may("claims", "add change", "place")
    | frozenset({"loyalty.publish_program", "loyalty.add_backtestrun", "draws.draw_sweepstake"})
    | frozenset({"panels.choose_panel"})
    | _may("billing", "add change", "promotioncode")
)
SERVE_MEMBERS = (
    _may("members", "add change", "member")
    | frozenset(
        {"loyalty.add_pointsentry", "loyalty.add_enrollment", "rewards.cancel_redemption", "rewards.change_redemption"}
    )
    | frozenset({"claims.decide_claim", "claims.decide_checkin", "referrals.decide_referral"})
    | _may("referrals", "change", "referralcode")
    | frozenset({"billing.handle_shipment"})
    | frozenset({"rewards.handle_fulfilment", "rewards.refund_redemption", "rewards.refund_cartpayment"})
    | frozenset({"panels.handle_panel"})
    | frozenset({"rewards.give_benefit"})
    | frozenset({"loyalty.approve_pointsadjustment", "loyalty.moderate_leaderboardplayer", "loyalty.give_tier"})
)
RUN_BRAND = (
    _may("members", "view add change delete", "user")
    | _may("partners", "view add change delete", "apikey")
    | _may("core", "view", "auditentry", "jobrun", "outboxmessage")
    | _may("core", "change", "outboxmessage")
    | _may("loyalty", "view add", "importjob")
    | frozenset({"rewards.view_tokenkey", "rewards.rotate_tokenkey"})
)

SEE_SUPPLIERS = _may(
    "rewards", "view", "supplierconnection", "supplierproduct", "supplieroffer", "suppliersync"
) | _may("rewards", "view", "supplierorder", "supplierreconciliation", "supplierdifference")
SELL_FROM_SUPPLIERS = _may("rewards", "add", "supplieroffer", "suppliersync")
SETTLE_WITH_SUPPLIERS = frozenset({"rewards.settle_supplierorder"})
CONNECT_SUPPLIERS = _may("rewards", "add change", "supplierconnection") | _may(
    "rewards", "add", "supplierreconciliation"
)

SEE_BILLING = _may(
    "billing", "view", "membershipplan", "planprice", "subscription", "invoice", "refund", "billingreport"
) | _may("billing", "view", "dispute", "winbackoffer", "promotioncode")
# The account itself and what Stripe sent: of the house, with people's cards and addresses in it.
SEE_STRIPE = _may("billing", "view", "stripeconnection", "stripeevent", "quarantinedevent")
SERVE_SUBSCRIBERS = frozenset(
    {"billing.act_on_subscription", "billing.refund_subscription", "billing.add_billingreport"}
) | _may("billing", "change", "stripeevent", "quarantinedevent")
CONNECT_STRIPE = frozenset({"billing.connect_stripe"})

ROLES: dict[str, frozenset[str]] = {
    OWNER: SEE_PROGRAM
    | SEE_SUPPLIERS
    | SEE_LEDGER
    | SEE_PEOPLE
    | SEE_PLACES
    | EDIT_PROGRAM
    | SELL_FROM_SUPPLIERS
    | SERVE_MEMBERS
    | SETTLE_WITH_SUPPLIERS
    | RUN_BRAND
    | CONNECT_SUPPLIERS
    | SEE_BILLING
    | SEE_STRIPE
    | SERVE_SUBSCRIBERS
    | CONNECT_STRIPE,
    MARKETER: SEE_PROGRAM
    | SEE_SUPPLIERS
    | SEE_LEDGER
    | SEE_PEOPLE
    | SEE_PLACES
    | SEE_BILLING
    | EDIT_PROGRAM
    | SELL_FROM_SUPPLIERS,
    SUPPORT: SEE_PROGRAM
    | SEE_SUPPLIERS
    | SEE_LEDGER
    | SEE_PEOPLE
    | SEE_PLACES
    | SEE_BILLING
    | SEE_STRIPE
    | SERVE_MEMBERS
    | SERVE_SUBSCRIBERS
    | SETTLE_WITH_SUPPLIERS,
    # Figures without people: an analyst sees no names.
    ANALYST: SEE_PROGRAM | SEE_SUPPLIERS | SEE_LEDGER | SEE_BILLING,
}


def roles_sync() -> None:
    """Make the brand's four groups exactly what the table says. Safe to repeat; LookupError on a typing error."""
    wanted = frozenset().union(*ROLES.values())
    _permissions_make(wanted)
    known = _permissions_of(wanted)
    missing = sorted(wanted - known.keys())
    if missing:
        raise LookupError(f"roles name permissions that no model has: {', '.join(missing)}")
    with transaction.atomic():
        for role, codes in ROLES.items():
            group, _made = Group.objects.get_or_create(name=role)
            ids = {known[code] for code in codes}
            if set(group.permissions.values_list("pk", flat=True)) != ids:
                group.permissions.set(ids)


def _permissions_make(codes: Iterable[str]) -> None:
    """post_migrate comes app by app, so those of later apps may not be there yet."""
    for label in sorted({code.partition(".")[0] for code in codes}):
        create_permissions(apps.get_app_config(label), verbosity=0)


def _permissions_of(codes: Iterable[str]) -> dict[str, int]:
    labels = {code.partition(".")[0] for code in codes}
    rows = Permission.objects.filter(content_type__app_label__in=labels).values_list(
        "content_type__app_label", "codename", "pk"
    )
    return {f"{label}.{codename}": pk for label, codename, pk in rows}
