"""A draw that is bound to a public value which nobody knows before: entered once it is announced, kept and shown."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse

from core import clock
from core.errors import InvalidInput
from core.tables import AuditEntry
from draws.closing import sweepstake_draw, sweepstakes_due
from draws.drawing import faults_of
from draws.errors import NotAnnounced, NotDrawable, OutsideMissing, OutsideUnasked
from draws.models import Sweepstake
from draws.selectors import draw_file, drawn_of
from draws.tasks import sweepstakes_sweep
from loyalty.definition.problems import DefinitionError
from loyalty.definition.read import document_decode
from members.roles import roles_sync
from tenants.models import Brand
from tests.backoffice.conftest import staff
from tests.backoffice.sent import told
from tests.conftest import ClientFor
from tests.draws import cast
from tests.loyalty import shop
from tests.loyalty.test_pages import text_of

pytestmark = pytest.mark.django_db
SOURCE = {"en": "Beacon, pulse of noon", "nl": "Baken, puls van twaalf uur"}
VALUE = "9E2A41 77"


def bound(**more: Any) -> dict[str, Any]:
    outside = {"source": SOURCE, "announced_at": cast.local(12)}
    return {"draw": "by_staff", "outside": outside, **more}


def over(brand: Brand, days: float) -> None:
    brand.clock_shift += timedelta(days=days)


def test_it_is_drawn_with_the_value_once_that_is_announced_and_can_be_worked_out_again(
    brand: Brand, tmp_path: Any
) -> None:
    cast.crowd(cast.program(**bound()), 8)
    pk = cast.sweepstake().pk
    over(brand, 11)
    assert sweepstakes_sweep() == 1, "closed, and not drawn by itself"
    with pytest.raises(NotAnnounced):
        sweepstake_draw(sweepstake_id=pk, actor=shop.STAFF, outside=VALUE)
    over(brand, 2)
    with pytest.raises(OutsideMissing):
        sweepstake_draw(sweepstake_id=pk, actor=shop.STAFF)
    for wrong in ("\u2460\u2461", "x" * 600, "a\x00b"):
        with pytest.raises(InvalidInput):
            sweepstake_draw(sweepstake_id=pk, actor=shop.STAFF, outside=wrong)
    assert not cast.sweepstake().revealed
    row = sweepstake_draw(sweepstake_id=pk, actor=shop.STAFF, outside=f"  {VALUE}\n")
    file = draw_file(row)
    assert file["outside"] == {"source": SOURCE, "value": VALUE}
    assert faults_of(file) == []
    assert faults_of({**file, "outside": {"source": SOURCE, "value": "9E2A41 78"}}) != []
    path = tmp_path / "draw.json"
    path.write_text(json.dumps(file))
    call_command("sweepstake_verify", str(path))
    assert AuditEntry.objects.get(action="sweepstake.draw").changes == {"outside": VALUE}
    drawn = [each.pk for each in drawn_of(row)]
    sweepstake_draw(sweepstake_id=pk, actor=shop.STAFF, outside=VALUE)
    with pytest.raises(NotDrawable):
        sweepstake_draw(sweepstake_id=pk, actor=shop.STAFF, outside="another")
    assert [each.pk for each in drawn_of(row)] == drawn


def test_where_the_terms_bind_it_to_nothing_a_value_is_refused(brand: Brand) -> None:
    cast.crowd(cast.program(draw="by_staff"), 3)
    over(brand, 11)
    sweepstakes_due()
    with pytest.raises(OutsideUnasked):
        sweepstake_draw(sweepstake_id=cast.sweepstake().pk, actor=shop.STAFF, outside=VALUE)
    row = sweepstake_draw(sweepstake_id=cast.sweepstake().pk, actor=shop.STAFF)
    assert "outside" not in draw_file(row)
    assert faults_of(draw_file(row)) == []


@pytest.mark.parametrize(
    ("more", "where"),
    [
        ({"outside": {"source": SOURCE, "announced_at": "2027-07-01T00:30"}}, "outside.announced_at"),
        ({"outside": {"source": SOURCE, "announced_at": "2027-07-32T00:00"}}, "outside.announced_at"),
        ({"outside": {"source": "", "announced_at": "2027-07-02T00:00"}}, "outside.source"),
        ({"draw": "at_close"}, "draw"),
    ],
)
def test_a_value_that_could_be_known_before_or_by_nobody_is_refused(more: dict[str, Any], where: str) -> None:
    dates = {"opens_at": "2027-06-01T00:00", "closes_at": "2027-07-01T00:00"}
    outside = {"source": SOURCE, "announced_at": "2027-07-01T01:00"}
    document_decode(cast.document(cast.piece(**bound(**dates, outside=outside))))
    with pytest.raises(DefinitionError) as refused:
        document_decode(cast.document(cast.piece(**bound(**dates, **{"outside": outside, **more}))))
    assert f"sections.sweepstakes.items[0].{where}" in [each.path for each in refused.value.problems]


def test_staff_enter_it_twice_and_everybody_reads_it(brand: Brand, client_for: ClientFor) -> None:
    cast.crowd(cast.program(**bound()), 3)
    row = cast.sweepstake()
    page = "/sweepstakes/club/summer/"
    roles_sync()
    owner = client_for(brand, user=staff("owner"))
    assert "Beacon, pulse of noon" in text_of(owner.get(page))
    # Requests have a clock of their own: it is over, and then the value is announced.
    Sweepstake.objects.update(closes_at=clock.now() - timedelta(seconds=1))
    sweepstakes_due()
    change, draw = (
        reverse(f"admin:draws_sweepstake_{name}", urlconf="config.urls_brand", args=[row.pk])
        for name in ("change", "draw")
    )
    assert "It can be drawn from" in told(owner.get(change))
    assert draw not in told(owner.get(change))
    assert "announced yet" in told(owner.post(draw, {"outside": VALUE, "again": VALUE}))
    spec = {**row.spec, "outside": {"source": SOURCE, "announced_at": cast.local(-0.1)}}
    Sweepstake.objects.update(spec=spec)
    assert draw in told(owner.get(change))
    assert "as it was announced" in told(owner.post(draw, {"outside": "é", "again": "é"})), "beside the field"
    assert "Beacon, pulse of noon" in told(owner.get(draw))
    assert "These two aren" in told(owner.post(draw, {"outside": VALUE, "again": "9E2A41 78"}))
    assert cast.sweepstake().state == "closed"
    shown = told(owner.post(draw, {"outside": VALUE, "again": VALUE}, follow=True))
    assert VALUE in shown
    assert VALUE in text_of(owner.get(page))
    assert json.loads(owner.get(f"{page}draw.json").content)["outside"]["value"] == VALUE
