"""At the checkout: what a cart comes to for a member, and paying a part of it in points."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, override
from django.utils.translation import gettext as _

from core.api.schema import describe, path_parameter
from core.api.thin import ThinView
from core.api.views import ApiView, answer
from core.errors import IdempotencyKeyMissing, InvalidInput
from core.idempotency import Reply
from loyalty.api.places import NotEnrolled, place_of
from loyalty.definition.document import Document
from loyalty.definition.translation import Teller
from loyalty.errors import UnknownMember
from loyalty.models import Enrollment, Program
from loyalty.selectors import document_now
from loyalty.services import program_get
from loyalty.versions import programs_read_once
from members.api.reference import MemberNotFound
from rewards.api import cart_examples as examples
from rewards.api.cart_shapes import (
    PaymentCapture,
    PaymentCreate,
    PaymentOut,
    PaymentRelease,
    QuoteIn,
    QuoteOut,
    RefundCreate,
    RefundOut,
    payment_out,
    quote_out,
    refund_out,
)
from rewards.carts.errors import CartPaymentNotFound
from rewards.carts.models import CartPayment
from rewards.carts.payments import (
    Bill,
    LineBack,
    payment_capture,
    payment_refund,
    payment_release,
    payment_reserve,
)
from rewards.carts.quoting import Cart, PayWith, cart_quote

TAG = "Carts"
path_parameter(
    "payment",
    description="The id of the payment in points.",
    schema={"type": "string", "format": "uuid"},
    example=examples.PAYMENT_ID,
)


class QuoteView(ThinView):
    scopes = {"POST": "carts:quote"}

    @describe(
        summary="Ask what a cart comes to for a member",
        tag=TAG,
        body=QuoteIn,
        answers={200: QuoteOut},
        refusals=(409,),
        examples={"body": examples.QUOTE_IN, "200": examples.QUOTE},
    )
    def post(self, request: HttpRequest) -> HttpResponse:
        """The member's discounts with their reason, the points that the order would earn, the points that may pay for a
        part of it, and the rewards in reach. Nothing is written.

        The points are a dry run of the `order` in the answer: paid and sent so, it earns the same, as long as nothing
        else happens to the member in between.
        """
        body = self.read_body(QuoteIn)
        with programs_read_once():
            return answer(200, self._quoted(body))

    def _quoted(self, body: QuoteIn) -> QuoteOut:
        program, place = _who(body.member, body.program)
        cart = Cart(body.cart.currency, body.cart.lines, body.cart.shipping_minor, body.cart.channel, body.cart.store)
        pay = PayWith(body.pay_with.currency, body.pay_with.points) if body.pay_with is not None else None
        found = cart_quote(cart=cart, program=program, place=place, actor=self.principal.actor, pay=pay)
        tellers = _tellers(document_now(program.pk))
        member = place.member.public_id if place is not None else None
        return quote_out(found, member, tellers)


def _who(member: str | None, slug: str | None) -> tuple[Program, Enrollment | None]:
    if member is None:
        return program_get(slug), None
    try:
        place = place_of(member, slug)
    except (MemberNotFound, NotEnrolled) as error:
        raise UnknownMember(error.detail, field="member") from error
    return place.program, place


def _tellers(document: Document) -> dict[str, Teller]:
    """Each language's, whatever the request's is."""

    def saying(language: str) -> Any:
        def say(message: str) -> str:
            with override(language):
                return gettext(message)

        return say

    return {language: Teller(document, saying(language), language) for language in ("en", "nl")}


class PaymentsView(ThinView):
    scopes = {"POST": "points:spend"}

    @describe(
        summary="Reserve points for a part of an order",
        tag=TAG,
        body=PaymentCreate,
        answers={201: PaymentOut},
        idempotency="required",
        refusals=(409,),
        examples={"body": examples.PAYMENT_CREATE, "201": examples.PAYMENT},
    )
    def post(self, request: HttpRequest) -> HttpResponse:
        """Set aside what the member pays in points while the rest is being paid: nobody else can spend them.

        Capture it with the order's number, or release it; when its time is up the points go back by themselves. 409
        where so many points can't pay for so much; the quote says how many can.
        """
        body = self.read_body(PaymentCreate)
        return self.once(
            lambda: self._reserve(body), required=True, location=lambda made: f"/api/v1/carts/payments/{made['id']}"
        )

    def _reserve(self, body: PaymentCreate) -> Reply:
        principal, key = self.principal, self.idempotency_key
        if not key:
            raise IdempotencyKeyMissing()
        program, place = _who(body.member, body.program)
        assert place is not None  # a member was named
        if body.money != document_now(program.pk).program.money_currency:
            raise InvalidInput(_("The program reckons in other money."), field="money")
        if sum(line.net_minor + line.tax_minor for line in body.lines) > body.total_minor:
            raise InvalidInput(_("The articles come to more than the total."), field="total_minor")
        made = payment_reserve(
            enrollment=place,
            pay=PayWith(body.currency, body.points),
            bill=Bill(body.total_minor, body.lines),
            actor=principal.actor,
            key=f"{principal.name}:{key}",
            order_number=body.order,
        )
        return 201, payment_out(payment_by_id(made.pk))


class PaymentView(ApiView):
    scopes = {"GET": "ledger:read"}

    @describe(
        summary="Read a payment in points",
        tag=TAG,
        answers={200: PaymentOut},
        examples={"200": examples.PAYMENT_CAPTURED},
    )
    def get(self, request: Any, payment: UUID) -> HttpResponse:
        """Its state, each article's share, and what went back."""
        return answer(200, payment_out(payment_by_id(payment)))


class PaymentCaptureView(ThinView):
    scopes = {"POST": "points:spend"}

    @describe(
        summary="Capture a payment in points",
        tag=TAG,
        body=PaymentCapture,
        answers={200: PaymentOut},
        idempotency="required",
        refusals=(409,),
        examples={"body": examples.PAYMENT_CAPTURE, "200": examples.PAYMENT_CAPTURED},
    )
    def post(self, request: HttpRequest, payment: UUID) -> HttpResponse:
        """The order is there: the points are spent under its number. 409 when it is closed or its time is up."""
        body = self.read_body(PaymentCapture)

        def run() -> Reply:
            row = payment_by_id(payment)
            payment_capture(payment=row, order_number=body.order, points=body.points, actor=self.principal.actor)
            return 200, payment_out(payment_by_id(payment))

        return self.once(run, required=True)


class PaymentReleaseView(ThinView):
    scopes = {"POST": "points:spend"}

    @describe(
        summary="Release a payment in points",
        tag=TAG,
        body=PaymentRelease,
        answers={200: PaymentOut},
        idempotency="required",
        refusals=(409,),
        examples={"body": {}, "200": examples.PAYMENT_RELEASED},
    )
    def post(self, request: HttpRequest, payment: UUID) -> HttpResponse:
        """The order didn't come: everything goes back to the lots that it came from."""
        self.read_body(PaymentRelease)

        def run() -> Reply:
            payment_release(payment=payment_by_id(payment), actor=self.principal.actor)
            return 200, payment_out(payment_by_id(payment))

        return self.once(run, required=True)


class PaymentRefundsView(ThinView):
    scopes = {"POST": "points:spend"}

    @describe(
        summary="Refund a payment in points",
        tag=TAG,
        body=RefundCreate,
        answers={201: RefundOut},
        idempotency="required",
        refusals=(409,),
        examples={"body": examples.REFUND_CREATE, "201": examples.REFUND},
    )
    def post(self, request: HttpRequest, payment: UUID) -> HttpResponse:
        """Points go back to the lots that they came from: the share of these articles, so many points, or all of it.

        An `order.returned` that you send gives spent points back too, as the currency says; what one of the two has
        given back, the other doesn't give again.
        """
        body = self.read_body(RefundCreate)

        def run() -> Reply:
            made = payment_refund(
                payment=payment_by_id(payment),
                lines=[LineBack(each.sku, each.quantity) for each in body.lines],
                points=body.points,
                reason=body.reason,
                actor=self.principal.actor,
            )
            return 201, refund_out(made)

        return self.once(run, required=True, location=lambda made: f"/api/v1/carts/payments/{payment}")


def payment_by_id(payment: UUID) -> CartPayment:
    rows = CartPayment.objects.select_related("hold", "enrollment__member", "enrollment__program")
    found = rows.filter(pk=payment).first()
    if found is None:
        raise CartPaymentNotFound(field="payment")
    return found
