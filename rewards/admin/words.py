"""What the fields and kinds of a reward's piece are called on its form, and in which sections they stand."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from loyalty.admin.forms import kinds, labels, layouts
from rewards.kinds.words import KINDS

_STRUCTS = {
    "FreeProduct": "free_product",
    "DiscountCode": "discount_code",
    "PoolCode": "pool_code",
    "GiftCard": "gift_card",
    "StoreCredit": "store_credit",
    "Physical": "physical",
    "Experience": "experience",
    "Content": "content",
    "Donation": "donation",
    "SweepstakeEntry": "sweepstake_entry",
    "Supplied": "supplied",
}
kinds.KINDS.update({struct: KINDS[tag] for struct, tag in _STRUCTS.items()})
labels.FIELDS.update(
    {
        "amount_minor": _("Amount"),
        "auto": _("Issue it by itself"),
        "cause": _("Code of the cause"),
        "cause_name": _("Name of the cause"),
        "closes_at": _("Open until"),
        "confirm_hours": _("A freed seat is held for so many hours"),
        "countries": _("Only in these countries"),
        "emoji": _("Picture (emoji)"),
        "entries": _("Entries"),
        "face_value_minor": _("Face value"),
        "file": _("File"),
        "goal_minor": _("Goal"),
        "hold_minutes": _("A reservation lasts so many minutes"),
        "limit_per_member": _("Limit per member"),
        "limit_per_order": _("Limit per order"),
        "link": _("Link"),
        "minimum_minor": _("From an order of"),
        "money_minor": _("Money besides"),
        "month": _("Month"),
        "most": _("At most so many in a night"),
        "offered": _("Offered"),
        "opens_at": _("Open from"),
        "page": _("What members read"),
        "percent": _("Per cent off"),
        "picture": _("Picture"),
        "place": _("Place"),
        "pool": _("Code pool"),
        "position": _("Position"),
        "prefix": _("Codes begin with"),
        "prices": _("Price"),
        "product": _("Product of the supplier"),
        "segments": _("Only for segments"),
        "sku": _("Article number"),
        "skus": _("Article numbers"),
        "stock": _("Pieces or seats in all"),
        "supplier": _("Supplier"),
        "sweepstake": _("Sweepstake"),
        "terms": _("Conditions"),
        "times": _("Times"),
        "unit_cost_minor": _("Cost to you"),
        "valid_days": _("To be used within (days)"),
        "valid_months": _("To be used within (months)"),
        "warn_below": _("Mail us when fewer are left than"),
        "waiting_list": _("With a waiting list"),
        "windows": _("Only on these days"),
    }
)
labels.OWN.update(
    {
        ("RewardPiece", "starts_at"): _("Offered from"),
        ("RewardPiece", "ends_at"): _("Offered until"),
        ("RewardPiece", "tiers"): _("Only for tiers"),
        ("RewardPiece", "kind"): _("What it is"),
        ("Price", "points"): _("Price in points"),
        ("Price", "tiers"): _("For these tiers"),
        ("Price", "segments"): _("For these segments"),
        ("PeriodLimit", "per"): _("In each"),
        ("Window", "days"): _("So many days"),
    }
)
labels.HELP.update(
    {
        ("RewardPiece", "warn_below"): _("Empty: of parcels a tenth of the stock, of others never. 0: never."),
        ("RewardPiece", "prices"): _("Several: members choose. None: members can't take it, only a rule gives it."),
        ("RewardPiece", "tiers"): _("None: for everybody."),
        ("RewardPiece", "countries"): _("None: everywhere. Members are asked for their country when it isn't known."),
    }
)
kinds.ADDS.update({"prices": _("Add a price"), "auto": _("Let it come by itself"), "windows": _("Add days")})
layouts.LAYOUTS["RewardPiece"] = (
    (_("Reward"), ("name", "description", "code", "emoji", "picture", "terms")),
    (_("What it is"), ("kind",)),
    (_("Price and who"), ("prices", "tiers", "segments", "countries")),
    (_("How many"), ("stock", "warn_below", "limit_per_member", "limit_per_order", "limits")),
    (_("When"), ("offered", "starts_at", "ends_at", "valid_days", "valid_months", "hold_minutes", "position")),
    (_("By itself"), ("auto",)),
    (_("For your figures"), ("unit_cost_minor", "face_value_minor")),
)
