"""Product panels over REST: a partner applies for members, chooses, sends, and reads answers where its key may."""

from __future__ import annotations

import pytest

from core.api import limits
from draws.drawing import faults_of
from panels.lending import answers_send, invitation_accept
from panels.models import Application
from tenants.models import Brand
from tests.api.cast import Api, key_made, refused
from tests.conftest import ClientFor
from tests.loyalty import shop
from tests.panels import cast

pytestmark = pytest.mark.django_db
APPLICATION = "members/ext:C-1/panels/jacket/application"


@pytest.fixture
def api(brand: Brand, client_for: ClientFor) -> Api:
    limits.forget_all()
    return Api(client_for(brand), key_made()[1])


def test_a_partner_takes_a_member_from_applying_to_their_answers(api: Api, brand: Brand) -> None:
    anna = shop.place(shop.member("Anna", external_id="C-1"), cast.program())
    assert api.get("panels").json()["results"] == [api.get("panels/jacket").json()]
    refused(api.post(APPLICATION, {"answers": {}}, once="a-0"), 422, "panel_answers_refused")
    refused(api.post(APPLICATION, {"answers": cast.APPLIED}), 400, "idempotency_key_missing")
    made = api.post(APPLICATION, {"answers": cast.APPLIED}, once="a-1")
    assert made.status_code == 201
    assert api.post(APPLICATION, {"answers": cast.APPLIED}, once="a-1").json() == made.json()
    assert api.post(f"{APPLICATION}/withdraw", {}).json()["state"] == "withdrawn"
    application = api.post(APPLICATION, {"answers": cast.APPLIED}, once="a-2").json()["id"]
    chosen = api.post("panels/jacket/select", {"applications": [application]}, once="s-1")
    assert chosen.json()["units_left"] == 1
    standing = api.get(APPLICATION).json()
    assert (standing["open"], standing["reasons_against"]) == (True, [])
    tester = standing["application"]["tester"]["id"]
    move = f"panels/jacket/testers/{tester}/move"
    refused(api.post(move, {"to": "shipped"}), 409, "panel_wrong_moment")
    one = cast.fresh(Application.objects.get())
    invitation_accept(participation=one, address=cast.HOME, actor=shop.PARTNER)
    assert api.post(move, {"to": "shipped", "tracking": "3S"}).json()["tester"]["tracking"] == "3S"
    assert api.post(move, {"to": "received"}).json()["tester"]["state"] == "received"
    answers_send(participation=one, answers=cast.ANSWERS, actor=shop.PARTNER)
    [told] = api.get("panels/jacket/answers").json()["results"]
    assert (told["member_id"], told["answers"]) == (str(anna.member.public_id), cast.ANSWERS)
    results = api.get("panels/jacket/results").json()
    assert (results["answered"], results["questions"][0]["mean"]) == (1, 4.0)
    applications = api.get("panels/jacket/applications?state=selected")
    assert "Kade" not in str(applications.json())
    assert "Light" not in str(applications.json())


def test_lots_over_the_api_come_with_a_file_that_adds_up(api: Api, brand: Brand) -> None:
    cast.crowd(cast.program(), 4)
    refused(api.post("panels/jacket/draw", {}), 409, "panel_still_open")
    refused(api.get("panels/jacket/draw/file"), 409, "panel_not_drawable")
    cast.over()
    drawn = api.post("panels/jacket/draw", {"reserves": 1}).json()
    assert (drawn["units_left"], len(drawn["seed"])) == (0, 64)
    assert faults_of(api.get("panels/jacket/draw/file").json()) == []
    assert api.post("panels/jacket/settle", {}).json()["state"] == "settled"
    refused(api.get("panels/boots"), 404, "panel_not_found")
    nobody = "0192f0c4-9b62-7e4f-8d2b-3c8e1a7f5b21"
    refused(api.post(f"panels/jacket/testers/{nobody}/move", {"to": "received"}), 404, "panel_tester_not_found")
    refused(api.post("panels/jacket/select", {"applications": [nobody]}, once="s"), 404, "panel_application_not_found")


def test_answers_need_a_scope_of_their_own(brand: Brand, client_for: ClientFor) -> None:
    cast.program()
    limits.forget_all()
    api = Api(client_for(brand), key_made(scopes=["panels:read", "panels:ship"])[1])
    assert api.get("panels/jacket").status_code == 200
    assert api.get("panels/jacket/answers").status_code == 403
    assert api.get("panels/jacket/results").status_code == 403
