"""manage.py suppliers_reconcile: what operators run by hand."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tenants.context import brand_context
from tests.conftest import NewBrand
from tests.loyalty import shop
from tests.rewards.suppliers import cast
from tests.rewards.suppliers.standin import StandIn


def test_the_command_says_what_is_left_and_writes_it_down(
    new_brand: NewBrand, stand_in: StandIn, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = new_brand()
    with brand_context(made):
        account = cast.account(shop.program(), stand_in)
        order = cast.take(cast.member(account.program), cast.offer(account).reward)
        cast.to_the_end(order)
    call_command("suppliers_reconcile", brand=made.slug)
    assert "1 here, 1 there, 1 agree, 0 repaired, 0 left" in capsys.readouterr().out
    stranger = {"reference": "=1+1", "product": "boekenbeurs-eur", "value_minor": 1000, "currency": "EUR"}
    stand_in.tell(commit=[stranger])
    written = tmp_path / "differences.csv"
    with pytest.raises(CommandError, match="1 left"):
        call_command("suppliers_reconcile", brand=made.slug, csv=written)
    rows = list(csv.DictReader(written.open(encoding="utf-8")))
    assert [(each["kind"], each["redemption"]) for each in rows] == [("unknown_here", "'=1+1")]
    with pytest.raises(CommandError):
        call_command("suppliers_reconcile", brand=made.slug, supplier="nobody")
