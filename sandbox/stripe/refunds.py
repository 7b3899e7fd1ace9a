"""Refunds and disputes: money that goes back, and money that the bank takes back."""

from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.customers import merge_metadata
from sandbox.stripe.errors import invalid
from sandbox.stripe.events import emit
from sandbox.stripe.routing import listing, route

Json = dict[str, Any]


@route("POST", "/v1/refunds")
def refund_create(account: Account, params: Json) -> Json:
    charge = _charge_of(account, params)
    left = charge["amount_captured"] - charge["amount_refunded"]
    amount = int(params.get("amount", left))
    if left == 0:
        raise invalid(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if any(one["charge"] == charge["id"] and one["status"] != "won" for one in account.all("dispute")):
        raise invalid(f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed")
    if not 0 < amount <= left:
        raise invalid(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})",
            param="amount",
            code="amount_too_large",
        )
    customer = account.find("customer", charge["customer"])
    refund = account.add(
        "refund",
        {
            "amount": amount,
            "currency": charge["currency"],
            "charge": charge["id"],
            "payment_intent": charge["payment_intent"],
            "status": "succeeded",
            "reason": params.get("reason"),
            "metadata": params.get("metadata") or {},
            "balance_transaction": None,
            "receipt_number": None,
            "destination_details": {"type": "card", "card": {"type": "refund", "reference_status": "pending"}},
        },
        at=account.now(customer),
    )
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    emit(account, "refund.created", refund, at=refund["created"])
    emit(account, "charge.refunded", charge)
    return refund


def _charge_of(account: Account, params: Json) -> Json:
    if "charge" in params:
        return account.get("charge", params["charge"], param="charge")
    intent = account.get("payment_intent", params.get("payment_intent"), param="payment_intent")
    if intent["status"] != "succeeded":
        raise invalid(
            f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
            code="charge_not_refundable",
        )
    return account.get("charge", intent["latest_charge"])


@route("GET", "/v1/refunds")
def refund_list(account: Account, params: Json) -> Json:
    wanted = {key: params[key] for key in ("charge", "payment_intent") if key in params}
    return listing(
        account, "refund", params, "/v1/refunds", where=lambda one: all(one[k] == v for k, v in wanted.items())
    )


@route("GET", "/v1/refunds/{refund}")
def refund_read(account: Account, params: Json, refund: str) -> Json:
    return account.get("refund", refund, param="refund")


@route("POST", "/v1/refunds/{refund}")
def refund_update(account: Account, params: Json, refund: str) -> Json:
    found = account.get("refund", refund, param="refund")
    merge_metadata(found, params)
    emit(account, "refund.updated", found)
    emit(account, "charge.refund.updated", found)
    return found


def open_dispute(account: Account, charge: Json, reason: str = "fraudulent") -> Json:
    """The bank takes the money back and asks for proof."""
    at = account.now(account.find("customer", charge["customer"]))
    charge["disputed"] = True
    dispute = account.add(
        "dispute",
        {
            "amount": charge["amount"],
            "currency": charge["currency"],
            "charge": charge["id"],
            "payment_intent": charge["payment_intent"],
            "reason": reason,
            "status": "needs_response",
            "metadata": {},
            "balance_transactions": [],
            "is_charge_refundable": False,
            "enhanced_eligibility_types": [],
            "evidence": {"enhanced_evidence": {}},
            "evidence_details": {
                "due_by": at + 7 * 86400,
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
                "enhanced_eligibility": {},
            },
        },
        at=at,
    )
    emit(account, "charge.dispute.created", dispute, at=at)
    emit(account, "charge.dispute.funds_withdrawn", dispute, at=at)
    return dispute


def close_dispute(account: Account, dispute: Json, *, won: bool) -> Json:
    """The bank has decided."""
    dispute["status"] = "won" if won else "lost"
    charge = account.get("charge", dispute["charge"])
    at = account.now(account.find("customer", charge["customer"]))
    # The charge says that it was disputed ever after.
    if won:
        emit(account, "charge.dispute.funds_reinstated", dispute, at=at)
    emit(account, "charge.dispute.closed", dispute, at=at)
    return dispute


@route("GET", "/v1/disputes")
def dispute_list(account: Account, params: Json) -> Json:
    wanted = {key: params[key] for key in ("charge", "payment_intent") if key in params}
    return listing(
        account, "dispute", params, "/v1/disputes", where=lambda one: all(one[k] == v for k, v in wanted.items())
    )


@route("GET", "/v1/disputes/{dispute}")
def dispute_read(account: Account, params: Json, dispute: str) -> Json:
    return account.get("dispute", dispute, param="dispute")


@route("POST", "/v1/disputes/{dispute}")
def dispute_update(account: Account, params: Json, dispute: str) -> Json:
    """Proof is handed in. The two words that Stripe's test mode knows decide at once; anything else is looked at."""
    found = account.get("dispute", dispute, param="dispute")
    if found["status"] in ("won", "lost"):
        raise invalid("This dispute is already closed.", param="dispute", code="dispute_closed")
    merge_metadata(found, params)
    told = (params.get("evidence") or {}).get("uncategorized_text")
    found["evidence_details"] |= {"has_evidence": True, "submission_count": 1}
    found["status"] = "under_review"
    emit(account, "charge.dispute.updated", found)
    if told in ("winning_evidence", "losing_evidence"):
        return close_dispute(account, found, won=told == "winning_evidence")
    return found


@route("POST", "/v1/disputes/{dispute}/close")
def dispute_close(account: Account, params: Json, dispute: str) -> Json:
    """Given up: it is lost."""
    return close_dispute(account, account.get("dispute", dispute, param="dispute"), won=False)
