"""Files go when they aren't needed any more; that they were there stays known."""

from __future__ import annotations

from datetime import timedelta
from unittest.mock import patch

import pytest

from claims.keeping import USUAL_DAYS, files_forget
from claims.models import Claim, ClaimDouble, ClaimFile
from claims.services import claim_refuse
from core import clock
from tenants.models import Brand
from tests.claims import cast
from tests.loyalty import cast as people
from tests.loyalty import shop

pytestmark = pytest.mark.django_db


def test_files_are_emptied_so_many_days_after_the_decision(brand: Brand) -> None:
    short = {**cast.GEAR, "keep_files_days": 10}
    anna = people.person(cast.program(claim_types=[short, cast.RECEIPT]))
    refused, waits = cast.hands_in(anna.enrollment), cast.hands_in(anna.enrollment, seed=2)
    paper = cast.receipt(anna.enrollment)
    for claim in (refused, paper):
        claim_refuse(claim=claim, reason="No", actor=shop.STAFF, key="k")
    assert files_forget() == 0
    moment = clock.now() + timedelta(days=10, seconds=1)
    with patch("core.clock.now", lambda: moment):
        assert files_forget() == 1
        assert files_forget() == 0
    assert bytes(refused.files.get().content) == b""
    assert refused.files.get().removed_at == moment
    assert bytes(waits.files.get().content) != b""
    assert bytes(paper.files.get().content) != b""
    again = cast.hands_in(anna.enrollment)
    assert ClaimDouble.objects.filter(claim=again, other=refused, kind="file").exists(), "it is still known"


def test_files_of_a_type_that_is_gone_go_after_the_usual_time(brand: Brand) -> None:
    anna = people.person(cast.program())
    claim = cast.hands_in(anna.enrollment)
    claim_refuse(claim=claim, reason="No", actor=shop.STAFF, key="k")
    Claim.objects.update(type="gone")
    assert USUAL_DAYS == 90
    Claim.objects.update(decided_at=clock.now() - timedelta(days=89))
    assert files_forget() == 0
    Claim.objects.update(decided_at=clock.now() - timedelta(days=91))
    assert files_forget() == 1
    assert ClaimFile.objects.get().removed_at is not None
