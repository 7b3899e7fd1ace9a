"""Trial 14 for the admin: who may open and send what, held against admin_roles.yaml for every address of the site.

The addresses come from the site itself, so a page that nobody put in the table fails here. A cell says "yes" (the page
answers) or "no" (403). `ADMIN_ROLES_WRITE=1` writes the table anew, to be read before it is committed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from django.db import transaction
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, reverse

from billing.models import (
    BillingReport,
    Dispute,
    Invoice,
    MembershipPlan,
    PromotionCode,
    QuarantinedEvent,
    Shipment,
    StripeConnection,
    StripeEvent,
    Subscription,
    WinBackOffer,
)
from claims.models import CheckIn, Claim, ClaimFile, Place
from claims.rotating import secret_new
from config.admin import site
from core import clock
from draws.models import Sweepstake
from loyalty.backtests.service import backtest_start
from loyalty.holding import points_hold
from loyalty.imports.jobs import Wish, file_received, import_create
from loyalty.leaderboards import leaderboard_join
from loyalty.models import (
    BacktestRun,
    DraftPart,
    EarningRule,
    Event,
    Ladder,
    Order,
    PointCurrency,
    PointsEntry,
    ProgramVersion,
)
from members.models import User
from members.roles import ROLES
from panels.models import AnswerPhoto, Application, Panel, Participation
from partners.models import ApiKey
from referrals.models import Referral, ReferralCode
from rewards.benefits.models import Benefit, BenefitGrant, BenefitUse
from rewards.benefits.tokens import key_signing
from rewards.carts.models import CartPayment
from rewards.catalogue import reward_save
from rewards.files import file_add
from rewards.fulfilment import Address, address_set
from rewards.models import Fulfilment, PoolImport, RewardFile, Voucher, WaitingPlace
from rewards.services import reward_redeem
from rewards.waiting import waiting_join
from tests.backoffice.conftest import House, furnish, staff
from tests.loyalty import shop
from tests.matrix.billed import billed
from tests.rewards.suppliers import cast as supplied

TABLE = Path(__file__).with_name("admin_roles.yaml")
# Answers the same to everybody, log-in or not; the log-in itself is tested in tests/backoffice.
OPEN = {
    "login",
    "logout",
    "jsi18n",
    "app_list",
    "autocomplete",
    "view_on_site",
    "search",
    "password_change",
    "password_change_done",
    "index",
    None,
}


# 302: sent on after it was done. 422: let in, and told what the form lacks.
YES = {200, 302, 422}
LOGINS = {"/admin/login/", "/accounts/login/"}


def names(patterns: list[Any]) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from names(list(pattern.url_patterns))
        elif isinstance(pattern, URLPattern) and pattern.name not in OPEN:
            yield str(pattern.name)


# Pages whose address names a member: beside their ledger, and for giving them something.
OF_A_MEMBER = frozenset({"adjust", "pool", "statement", "tier", "tier_back", "rewards_benefitgrant_give"})
VISITS = frozenset({"claims_place", "claims_checkin"})
FRIENDS = frozenset({"referrals_referral", "referrals_referralcode"})
OFFERED = frozenset({"draws_sweepstake", "panels_panel"})
PARTS: dict[str, Any] = {
    "rewards_fulfilment": Fulfilment,
    "rewards_rewardfile": RewardFile,
    "rewards_voucher": Voucher,
    "rewards_waitingplace": WaitingPlace,
}
BOXES = frozenset({"billing_shipment"})
BENEFITS = frozenset(
    {"rewards_cartpayment", "rewards_benefit", "rewards_benefitgrant", "rewards_benefituse", "rewards_tokenkey"}
)
BILLED: dict[str, Any] = {
    "billing_subscription": Subscription,
    "billing_invoice": Invoice,
    "billing_membershipplan": MembershipPlan,
    "billing_stripeconnection": StripeConnection,
    "billing_billingreport": BillingReport,
    "billing_stripeevent": StripeEvent,
    "billing_quarantinedevent": QuarantinedEvent,
    "billing_dispute": Dispute,
    "billing_promotioncode": PromotionCode,
    "billing_winbackoffer": WinBackOffer,
}
PAGES = sorted(set(names(site.get_urls())))


def subject(name: str, house: House) -> Any:
    """The key of an object that the page is about."""
    app_model = "_".join(name.split("_")[:2])
    if name.removeprefix("loyalty_pointsentry_") in OF_A_MEMBER:
        return house.member.pk
    if name.endswith("_sentence"):
        return house.program.pk
    known: dict[str, Any] = {
        "members_member": house.member,
        "rewards_reward": house.reward,
        "rewards_codepool": house.pool,
        "rewards_redemption": house.redemption,
        "loyalty_program": house.program,
    }
    kinds = {
        "loyalty_earningrule": EarningRule,
        "loyalty_event": Event,
        "loyalty_ladder": Ladder,
        "loyalty_order": Order,
        "loyalty_pointcurrency": PointCurrency,
        "loyalty_pointsentry": PointsEntry,
        "loyalty_programversion": ProgramVersion,
        "partners_apikey": ApiKey,
    }
    if app_model == "loyalty_draftpart":
        body = {"limits": [{"per": "event", "at_most": 9, "currency": "points"}]}
        part, _made = DraftPart.objects.get_or_create(
            program=house.program, kind="cap_groups", code="daily", defaults={"body": body}
        )
        return part.pk
    if app_model in known:
        return known[app_model].pk
    if app_model in kinds:
        return kinds[app_model].objects.order_by("pk").values_list("pk", flat=True)[0]
    for makers, names_made in MAKERS:
        if app_model in names_made:
            return makers(house)[app_model]
    if app_model == "claims_claim":
        return claimed(house)[0]
    if app_model == "loyalty_leaderboardplayer":
        place = house.redemption.enrollment
        return leaderboard_join(enrollment=place, name="Silver Fox", actor=shop.STAFF).pk
    if app_model == "members_user":
        return User.objects.get(email="subject@team.example").pk
    model = next(m for m in site._registry if f"{m._meta.app_label}_{m._meta.model_name}" == app_model)
    if app_model == "loyalty_backtestrun":
        run = BacktestRun.objects.first()
        return (run or backtest_start(program=house.program, months=1, version=1, actor=shop.STAFF)).pk
    row = model._default_manager.first()
    return row.pk if row is not None else made(model, house)


def benefited(house: House) -> dict[str, Any]:
    """A benefit that somebody holds by hand and has used, and a key."""
    now, place = clock.now(), house.redemption.enrollment
    benefit, _new = Benefit.objects.get_or_create(program=house.program, code="tea", defaults={"changed_at": now})
    held = {"enrollment": place, "benefit": benefit}
    grant = BenefitGrant.objects.first() or BenefitGrant.objects.create(**held, source="staff", since=now)
    use = BenefitUse.objects.first() or BenefitUse.objects.create(
        **held, grant=grant, source="till", external_id="1", used_at=now, recorded_at=now
    )
    payment = CartPayment.objects.first()
    if payment is None:
        hold = points_hold(enrollment=place, currency="points", points=1, actor=shop.STAFF, key="a payment")
        payment = CartPayment.objects.create(
            enrollment=place, hold=hold, currency="points", points=1, money="EUR", amount_minor=1, made_at=now
        )
    found = {
        "cartpayment": payment,
        "benefit": benefit,
        "benefitgrant": grant,
        "benefituse": use,
        "tokenkey": key_signing(),
    }
    return {f"rewards_{name}": row.pk for name, row in found.items()}


def made(model: Any, house: House) -> Any:
    now = clock.now()
    if model.__name__.startswith("Supplier"):
        return supplied.unasked(house.redemption.enrollment)[f"rewards_{model._meta.model_name}"].pk
    if model.__name__ == "ImportJob":
        with file_received([b"id,occurred_at,type\n1,2026-01-01,x.y\n"]) as kept:
            return import_create(kept=kept, wish=Wish(format="csv"), actor=shop.STAFF)[0].pk
    fields: dict[str, dict[str, Any]] = {
        "JobRun": {"job": "nightly", "local_date": now.date(), "started_at": now},
        "OutboxMessage": {"topic": "mail.requested", "payload": {}, "created_at": now, "available_at": now},
        "Segment": {"code": "runners", "name": "Runners", "created_at": now},
    }
    return model.objects.create(**fields[model.__name__]).pk


def handed(house: House) -> dict[str, Any]:
    """A parcel that is to be packed, a voucher, a file, and somebody who waits for a seat."""
    place = house.redemption.enrollment
    if not Fulfilment.objects.exists():
        staff, price = shop.STAFF, [{"points": 1, "currency": "points"}]
        kinds: dict[str, Any] = {
            "sent": {"kind": "physical"},
            "card": {"kind": "gift_card", "amount_minor": 5},
            "show": {"kind": "experience"},
        }
        rows = {}
        for code, kind in kinds.items():
            plain = {"code": code, "name": code, "kind": kind, "prices": price, "stock": 1}
            reward = reward_save(program=place.program, plain=plain, actor=staff)
            rows[code] = reward_redeem(enrollment=place, reward=reward, actor=shop.PARTNER, key=f"roles {code}")
        address_set(redemption=rows["sent"], address=Address("A", "B", "C", "D", "NL"), actor=staff)
        waiting_join(enrollment=place, reward=rows["show"].reward, actor=staff)
        file_add(name="Paper", raw=b"%PDF-1.4", actor=staff)
    return {name: model.objects.values_list("pk", flat=True)[0] for name, model in PARTS.items()}


def claimed(house: House) -> tuple[Any, Any]:
    """A claim that waits, and its file."""
    claim = Claim.objects.first() or Claim.objects.create(
        enrollment=house.redemption.enrollment, type="gear", submitted_at=clock.now(), key="k", body_hash=b"x"
    )
    kept = {"claim": claim, "kind": "photo", "media_type": "image/jpeg", "size": 1, "digest": "x", "content": b"x"}
    return claim.pk, (claim.files.first() or ClaimFile.objects.create(**kept)).pk


def visited(house: House) -> dict[str, Any]:
    """A place, and a visit to it that is held."""
    place = Place.objects.first() or Place.objects.create(
        code="here", name="Here", latitude="52", longitude="5", secret=secret_new()
    )
    seen = {"method": "code", "state": "held", "at": clock.now(), "key": "k", "body_hash": b"x"}
    visit = CheckIn.objects.first() or CheckIn.objects.create(
        enrollment=house.redemption.enrollment, place=place, **seen
    )
    return {"claims_place": place.pk, "claims_checkin": visit.pk}


def sweepstake(house: House) -> Any:
    """One that was drawn."""
    spec = {"code": "x", "name": "X", "opens_at": "2020-01-01T00:00", "closes_at": "2020-02-01T00:00", "prizes": []}
    row = Sweepstake.objects.first() or Sweepstake.objects.create(
        program=house.redemption.enrollment.program, code="x", spec=spec, state="drawn", opens_at=clock.now(),
        closes_at=clock.now(), seed="x", commitment="x",
    )  # fmt: skip
    return row.pk


def befriended(house: House) -> dict[str, Any]:
    """A code, and a friend who came by it and is looked at."""
    place, now = house.redemption.enrollment, clock.now()
    code = ReferralCode.objects.first() or ReferralCode.objects.create(enrollment=place, code="FRIEND", made_at=now)
    row = Referral.objects.first() or Referral.objects.create(
        program=place.program, referrer=place, friend=shop.place(shop.member("Cas"), place.program), code=code.code,
        state="flagged", bound_at=now, converted_at=now, hold_until=now, event=Event.objects.earliest("pk").pk,
    )  # fmt: skip
    return {"referrals_referral": row.pk, "referrals_referralcode": code.pk}


def offered(house: House) -> dict[str, Any]:
    """What members take part in."""
    return {"draws_sweepstake": sweepstake(house), "panels_panel": panel(house)[0]}


def panel(house: House) -> tuple[Any, Any, Any]:
    """A panel with somebody who tests, and a picture."""
    now, place = clock.now(), house.redemption.enrollment
    ask = {"kind": "text", "code": "words", "name": "Words"}
    spec = {"code": "x", "name": "X", "product": "X", "units": 1, "opens_at": "2020-01-01T00:00",
            "closes_at": "2020-02-01T00:00", "questions": [ask]}  # fmt: skip
    row = Panel.objects.first() or Panel.objects.create(
        program=place.program, code="x", spec=spec, units=1, opens_at=now, closes_at=now, seed="x", commitment="x",
        drawn_at=now, revealed="00",
    )  # fmt: skip
    application, _made = Application.objects.get_or_create(
        panel=row, enrollment=place, defaults={"state": "selected", "applied_at": now}
    )
    tester, _made = Participation.objects.get_or_create(
        application=application, defaults={"state": "received", "invited_at": now, "accept_by": now.date()}
    )
    photo, _made = AnswerPhoto.objects.get_or_create(
        participation=tester, question="words", defaults={"media_type": "image/jpeg", "content": b"x", "sent_at": now}
    )
    return row.pk, tester.pk, photo.pk


def boxed(house: House) -> dict[str, Any]:
    """A box that is to be sent."""
    found = Shipment.objects.values_list("pk", flat=True).first()
    return {"billing_shipment": found or billed(house.redemption.enrollment, "roles", "roles", 1)["box_row"]}


def paying(house: House) -> dict[str, Any]:
    """A plan, who is on it, and the account that the money comes in at."""
    if not StripeConnection.objects.exists():
        billed(house.redemption.enrollment, "x", "x", 1)
    return {name: model.objects.values_list("pk", flat=True)[0] for name, model in BILLED.items()}


MAKERS = (
    (boxed, BOXES),
    (handed, PARTS), (visited, VISITS), (benefited, BENEFITS), (befriended, FRIENDS), (offered, OFFERED),
    (paying, BILLED),
)  # fmt: skip
OF_A_PANEL = {
    "panels_panel_tester": lambda row, tester, photo: [row, tester],
    "panels_panel_tester_act": lambda row, tester, photo: [row, tester, "remind"],
    "panels_panel_photo": lambda row, tester, photo: [row, photo],
}


def address(name: str, house: House) -> str:
    if name in OF_A_PANEL:
        return reverse(f"admin:{name}", urlconf="config.urls_brand", args=OF_A_PANEL[name](*panel(house)))
    if name == "billing_subscription_act":
        args = [paying(house)["billing_subscription"], "reread"]
        return reverse(f"admin:{name}", urlconf="config.urls_brand", args=args)
    if name == "billing_membershipplan_ladder":
        return reverse(f"admin:{name}", urlconf="config.urls_brand", args=[house.program.pk])
    if name == "billing_quarantinedevent_settle":
        args = [paying(house)["billing_quarantinedevent"], "drop"]
        return reverse(f"admin:{name}", urlconf="config.urls_brand", args=args)
    if name.startswith("rewards_codepool_job"):
        imports = PoolImport.objects
        job = imports.first() or imports.create(pool=house.pool, filename="x", total=1, created_at=clock.now())
        return reverse(f"admin:{name}", urlconf="config.urls_brand", args=[house.pool.pk, job.pk])
    if name == "claims_claim_file":
        return reverse(f"admin:{name}", urlconf="config.urls_brand", args=claimed(house))
    if name in ("loyalty_program_section", "loyalty_program_section_new"):
        return reverse(f"admin:{name}", urlconf="config.urls_brand", args=[house.program.pk, "benefits"])
    if name == "loyalty_program_section_piece":
        piece = {"code": "tea", "name": "Tea", "gives": {"kind": "bonus"}, "given_to": []}
        house.program.sections = {"benefits": {"benefits": [piece]}}
        house.program.save(update_fields=["sections"])
        return reverse(f"admin:{name}", urlconf="config.urls_brand", args=[house.program.pk, "benefits", "tea"])
    if name == "loyalty_program_preview":
        house.program.sections = {"messages": {"items": [{"code": "hi", "name": "Hi", "subject": "Hi", "text": "Hi"}]}}
        house.program.save(update_fields=["sections"])
        return reverse(f"admin:{name}", urlconf="config.urls_brand", args=[house.program.pk, "messages", "hi"])
    try:
        return reverse(f"admin:{name}", urlconf="config.urls_brand")
    except NoReverseMatch:
        return reverse(f"admin:{name}", urlconf="config.urls_brand", args=[subject(name, house)])


def answer(client: Client, method: str, path: str) -> str:
    """yes or no; whatever the page did is undone. A page that isn't there or breaks is neither, and fails."""
    with transaction.atomic():
        given = getattr(client, method)(path, {} if method == "get" else {"nothing": "1"})
        transaction.set_rollback(True)
    status, where = given.status_code, given.headers.get("Location", "")
    if status == 403:
        return "no"
    assert status in YES, f"{method} {path}: {status}"
    assert status != 302 or urlsplit(where).path not in LOGINS, f"{method} {path}: sent to the log-in"
    return "yes"


@pytest.fixture
def house(brand: Any, settings: Any, tmp_path: Path) -> House:
    settings.MEDIA_ROOT = tmp_path
    made_house = furnish()
    staff("owner", "subject")
    staff("owner", "second")
    return made_house


def test_every_page_of_the_admin_is_in_the_table() -> None:
    if os.environ.get("ADMIN_ROLES_WRITE"):
        pytest.skip("the table is being written")
    listed = set(yaml.safe_load(TABLE.read_text()))
    assert listed == set(PAGES), "run with ADMIN_ROLES_WRITE=1 and read what changed"


def test_each_role_may_do_what_the_table_says(house: House, brand: Any, client_for: Callable[..., Client]) -> None:
    found: dict[str, dict[str, str]] = {}
    for role in ROLES:
        client = client_for(brand, user=staff(role))
        for name in PAGES:
            path = address(name, house)
            cell = found.setdefault(name, {})
            cell[role] = f"get {answer(client, 'get', path)}, post {answer(client, 'post', path)}"
    if os.environ.get("ADMIN_ROLES_WRITE"):
        head = "# Page of the admin → role → whether it may be opened (get) and sent (post). See test_admin_roles.py.\n"
        TABLE.write_text(head + yaml.safe_dump(found, sort_keys=True, width=120))
    assert found == yaml.safe_load(TABLE.read_text())


def test_whoever_is_not_staff_may_do_nothing(house: House, brand: Any, client_for: Callable[..., Client]) -> None:
    user = User.objects.create_user("member@example.com", "a long enough password")
    client = client_for(brand, user=user)
    for name in PAGES:
        status = client.get(address(name, house)).status_code
        assert status == 302, name
