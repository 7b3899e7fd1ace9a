"""Codes at the till: checked, used up, and what was used put back. Who guesses is locked out for a while."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from django.http import HttpResponse
from msgspec import Meta, Struct

from core import clock
from core.api.schema import describe
from core.api.shapes import Body
from core.api.views import ApiView, answer
from core.errors import NotFound
from core.idempotency import Reply
from members.api.reference import member_by_reference
from rewards.api import examples
from rewards.api.shapes import MemberName
from rewards.errors import VoucherForeign, VoucherNotFound
from rewards.guessing import guess_failed, guessers, guessing_check
from rewards.models import VoucherUse
from rewards.vouchers import Found, voucher_check, voucher_find, voucher_redeem, voucher_return

TAG = "Vouchers"
T = TypeVar("T")
Code = Annotated[str, Meta(min_length=1, max_length=200, description="As the member shows it.")]
Source = Annotated[
    str,
    Meta(
        max_length=120,
        description="Where it was typed: your till, the customer's session. Wrong codes count against it, so that one"
        " customer's don't lock the others out. Take it from your own system, never from the customer.",
        examples=["till-3"],
    ),
]
USE_ID = "01932c2a-55aa-7c11-8f00-1c2d3e4f5a6b"
WORTH: dict[str, Any] = {
    "redemption": examples.REDEMPTION_ID,
    "member": examples.MEMBER_ID,
    "reward": "gift_card_25",
    "reward_name": "Gift card of 25",
    "kind": "gift_card",
    "worth": {},
    "balance_minor": 2500,
    "currency": "EUR",
    "use_until": "2027-10-14T22:00:00Z",
}


class VoucherAsk(Body):
    """member: who shows it, where you know; another's code is refused then."""

    code: Code
    member: MemberName | None = None
    source: Source = ""


class VoucherRedeem(Body):
    """amount_minor: of a balance, how much is used; left out for a code that is used whole."""

    code: Code
    member: MemberName | None = None
    amount_minor: Annotated[int, Meta(ge=1, le=10**12)] | None = None
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)")] | None = None
    reference: Annotated[str, Meta(max_length=120, description="Your order or receipt.")] = ""
    source: Source = ""


class VoucherReturn(Body):
    use: UUID
    amount_minor: Annotated[int, Meta(ge=1, le=10**12)]
    reference: Annotated[str, Meta(max_length=120)] = ""


class VoucherOut(Struct):
    """What a code is good for. worth: percent, amount_minor, minimum_minor or skus, by its kind."""

    redemption: UUID
    member: UUID
    reward: str
    reward_name: str
    kind: str
    worth: dict[str, Any]
    balance_minor: int | None
    currency: str
    use_until: datetime | None


class VoucherUsed(VoucherOut):
    """use: the line in the code's ledger, null for a code out of a pool. state: `active` while a balance is left."""

    use: UUID | None
    used_minor: int | None
    state: Literal["active", "used"]


class UseNotFound(NotFound):
    code = "voucher_use_not_found"


class VoucherView(ApiView):
    def guarded(self, body: VoucherAsk | VoucherRedeem, run: Callable[[int | None], T]) -> T:
        """Wrong codes count against the source and the member that are named, and the key; too many of one, and nothing
        is answered to it.
        """
        member_id = member_by_reference(body.member).pk if body.member is not None else None
        subjects = guessers(self.principal.name, member_id, body.source)
        guessing_check(subjects)
        try:
            return run(member_id)
        except (VoucherNotFound, VoucherForeign):
            # Outside of what the refusal rolled back.
            guess_failed(subjects)
            raise


class ValidateView(VoucherView):
    scopes = {"POST": "vouchers:write"}

    @describe(
        summary="Check a code",
        tag=TAG,
        body=VoucherAsk,
        answers={200: VoucherOut},
        refusals=(404, 409, 429),
        examples={
            "body": {"code": "7QK2-M9XW-4T8Z-CVBN", "member": "ext:C-1007", "source": "till-3"},
            "200": WORTH,
        },
    )
    def post(self, request: Any) -> HttpResponse:
        """What it is good for now; nothing is used. 409 when it was used or canceled, its time is over, or it is
        another member's. Ten codes that aren't there within a quarter of an hour lock the `source`, or the member, out
        for as long: 429 with Retry-After. What names neither counts together. A hundred lock the key, whatever they
        name."""
        body = self.read_body(VoucherAsk)

        def run(member_id: int | None) -> Found:
            found = voucher_find(body.code, member_id=member_id)
            voucher_check(found, clock.now())
            return found

        return answer(200, VoucherOut(**_worth(self.guarded(body, run))))


class RedeemView(VoucherView):
    scopes = {"POST": "vouchers:write"}

    @describe(
        summary="Use a code up, or part of its balance",
        tag=TAG,
        body=VoucherRedeem,
        answers={200: VoucherUsed},
        idempotency="required",
        refusals=(404, 409, 429),
        examples={
            "body": {
                "code": "7QK2-M9XW-4T8Z-CVBN",
                "amount_minor": 700,
                "currency": "EUR",
                "reference": "R-1007",
                "source": "till-3",
            },
            "200": {**WORTH, "balance_minor": 1800, "use": USE_ID, "used_minor": 700, "state": "active"},
        },
    )
    def post(self, request: Any) -> HttpResponse:
        """Of two at once for the last of a balance one gets it; the other gets 409, and nothing changes."""
        body = self.read_body(VoucherRedeem)

        def run(member_id: int | None) -> HttpResponse:
            return self.once(lambda: self._redeem(body, member_id), required=True)

        return self.guarded(body, run)

    def _redeem(self, body: VoucherRedeem, member_id: int | None) -> Reply:
        found, use = voucher_redeem(
            code=body.code,
            actor=self.principal.actor,
            member_id=member_id,
            amount_minor=body.amount_minor,
            currency=body.currency,
            reference=body.reference,
        )
        left = found.voucher.balance_minor if found.voucher is not None else None
        return 200, VoucherUsed(
            **_worth(found),
            use=use.pk if use is not None else None,
            used_minor=body.amount_minor,
            state="active" if left else "used",
        )


class ReturnView(ApiView):
    scopes = {"POST": "vouchers:write"}

    @describe(
        summary="Put back what was used of a balance",
        tag=TAG,
        body=VoucherReturn,
        answers={200: VoucherUsed},
        idempotency="required",
        refusals=(404, 409),
        examples={
            "body": {"use": USE_ID, "amount_minor": 700, "reference": "Return of R-1007"},
            "200": {**WORTH, "use": USE_ID, "used_minor": -700, "state": "active"},
        },
    )
    def post(self, request: Any) -> HttpResponse:
        """For an order that came back: never more than that use took, over all its returns."""
        body = self.read_body(VoucherReturn)

        def run() -> Reply:
            rows = VoucherUse.objects.select_related("voucher__redemption__reward", "voucher__redemption__enrollment")
            use = rows.filter(pk=body.use).first()
            if use is None:
                raise UseNotFound(field="use")
            made = voucher_return(
                use=use, amount_minor=body.amount_minor, reference=body.reference, actor=self.principal.actor
            )
            made.voucher.redemption.enrollment.member  # noqa: B018  (read while the transaction is open)
            found = Found(made.voucher.redemption, made.voucher)
            return 200, VoucherUsed(**_worth(found), use=made.pk, used_minor=made.amount_minor, state="active")

        return self.once(run, required=True)


def _worth(found: Found) -> dict[str, Any]:
    row, voucher = found.redemption, found.voucher
    return {
        "redemption": row.pk,
        "member": row.enrollment.member.public_id,
        "reward": row.reward.code,
        "reward_name": row.reward.name,
        "kind": voucher.kind if voucher is not None else "pool_code",
        "worth": voucher.terms if voucher is not None else {},
        "balance_minor": voucher.balance_minor if voucher is not None else None,
        "currency": voucher.money_currency if voucher is not None else "",
        "use_until": row.use_until,
    }
