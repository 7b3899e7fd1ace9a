"""Plans that can be joined, members' subscriptions, and one with its timeline and invoices."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from billing.api import examples
from billing.api.shapes import (
    TAG,
    PlanForMember,
    PlanOut,
    PlansOut,
    PlansQuery,
    SubscriptionDetail,
    SubscriptionOut,
    happened_out,
    invoice_out,
    plan_out,
    subscription_out,
)
from billing.joining import in_the_way
from billing.meterprices import meter_prices, meter_prices_all
from billing.plans import plans_offered
from billing.selectors import invoices_of, offered_to, subscription_named, subscriptions_of
from core.api.pagination import page_of
from core.api.schema import describe
from core.api.thin import ThinView
from core.api.views import answer
from loyalty.services import program_get
from members.api.reference import member_by_reference

MOST_LINES, MOST_INVOICES = 200, 100


class PlansView(ThinView):
    scopes = {"GET": "memberships:read"}

    @describe(
        summary="List the plans on offer",
        tag=TAG,
        query=PlansQuery,
        answers={200: PlansOut},
        refusals=(404, 422),
        examples={"200": examples.PLANS},
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        """In the brand's order, with their prices; with `?member=` also the trial they would get and the plan they
        have."""
        query = self.read_query(PlansQuery)
        wanted = program_get(query.program).pk if query.program is not None else None
        rows = plans_told() if query.member is None else plans_for(query.member)
        return answer(200, PlansOut([told for program, told in rows if wanted in (None, program)]))


def plans_told() -> list[tuple[int, PlanOut]]:
    rows = plans_offered().select_related("program").prefetch_related("prices")
    found = []
    for row in rows:
        prices = [each for each in row.prices.all() if each.replaced_at is None]
        found.append((row.program_id, plan_out(row, prices, meter_prices_all(row, prices), None)))
    return found


def plans_for(member: str) -> list[tuple[int, PlanOut]]:
    found, who = [], member_by_reference(member)
    for offer in offered_to(who):
        seen = PlanForMember(offer.trial_days, offer.mine, in_the_way(who, offer.plan) is None)
        prices = list(offer.prices)
        found.append((offer.plan.program_id, plan_out(offer.plan, prices, meter_prices(who, *prices), seen)))
    return found


class SubscriptionView(ThinView):
    scopes = {"GET": "memberships:read"}

    @describe(
        summary="Read a subscription",
        tag=TAG,
        answers={200: SubscriptionDetail},
        examples={"200": examples.DETAIL},
    )
    def get(self, request: HttpRequest, subscription: UUID) -> HttpResponse:
        """How it stands by what is known here (nothing is asked of the payment service), what happened to it, and its
        invoices."""
        row = subscription_named(subscription)
        invoices = invoices_of(row.member).filter(subscription=row)[:MOST_INVOICES]
        return answer(
            200,
            SubscriptionDetail(
                subscription_out(row),
                [happened_out(each) for each in row.changes.all()[:MOST_LINES]],
                [invoice_out(each) for each in invoices],
            ),
        )


class SubscriptionsReadView(ThinView):
    """The reading half of a member's subscriptions; joining stands in joining.py."""

    @describe(
        summary="List a member's subscriptions",
        tag=TAG,
        answers={200: SubscriptionOut},
        page=True,
        refusals=(404,),
        examples={"200": examples.SUBSCRIPTIONS},
    )
    def get(self, request: HttpRequest, member: str) -> HttpResponse:
        """All that there ever were, newest first, in pages: those that run and those that have ended."""
        rows = subscriptions_of(member_by_reference(member))
        return answer(200, page_of(rows, request).body(subscription_out))
