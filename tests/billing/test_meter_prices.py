"""What a use costs by each price of a plan, asked for at once."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.meterprices import meter_prices
from billing.models import PlanPrice
from billing.plans import plan_named
from tests.billing.cast import MONTHLY, YEARLY, document
from tests.billing.test_metering import METER, PLUS
from tests.loyalty import shop


def prices_of(code: str) -> list[PlanPrice]:
    return list(PlanPrice.objects.filter(plan=plan_named(code), replaced_at=None).select_related("plan"))


def test_a_plans_meters_are_read_once_for_all_its_prices(brand: Any) -> None:
    both = [{**MONTHLY, "amount_minor": 150}, {**YEARLY, "amount_minor": 120}]
    plus = {**PLUS, "charge": {"kind": "recurring", "prices": [MONTHLY, YEARLY]}}
    other = {**METER, "code": "visits", "name": "Visits", "charge": {**METER["charge"], "prices": both[:1]}}
    meter = {**METER, "charge": {**METER["charge"], "prices": both}}
    shop.program(document(plans=[plus, meter, other]))
    month, year = sorted(prices_of("plus"), key=lambda each: each.every)
    with CaptureQueriesContext(connection) as one:
        found = meter_prices(None, month)
    assert sorted((each.plan.code, each.amount_minor) for each in found) == [("deliveries", 150), ("visits", 150)]
    with CaptureQueriesContext(connection) as two:
        found = meter_prices(None, month, year)
    assert sorted((each.plan.code, each.amount_minor) for each in found) == [
        ("deliveries", 120), ("deliveries", 150), ("visits", 150),
    ]  # fmt: skip
    assert len(two) == len(one)
