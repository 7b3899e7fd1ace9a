"""Two brands with the same primary keys and nothing else in common: every text of the one holds its own word.

A side has two words. `place` is in what the platform itself knows of a brand (address, name, sign-up), `secret` in
everything that only the brand knows. Whatever a call to one brand gives back may hold neither word of the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from itertools import count
from pathlib import Path
from random import Random
from time import time
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import msgspec
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.db import connection
from django.test import Client
from django.utils import timezone
from PIL import Image

from claims.models import CheckIn, Place
from claims.pictures import PDF, Upload
from claims.rotating import secret_new, token_of
from claims.services import Sent, claim_approve, claim_refuse, claim_submit
from core import clock
from core.actor import Actor
from core.audit import audit_record
from core.ids import uuid7
from core.outbox import outbox_drain
from core.secrets import seal
from core.tables import AuditEntry, IdempotencyRecord, JobRun, OutboxMessage, RateWindow, SharedCounter
from draws.closing import sweepstake_draw, winner_pass
from draws.models import Sweepstake, SweepstakeEntry
from loyalty.adjusting import adjustment_make, adjustment_refuse
from loyalty.backtests.report import BacktestReport, Pair, RuleReport
from loyalty.backtests.service import backtest_start
from loyalty.backtests.work import run_fail
from loyalty.floors import tier_floor_set
from loyalty.holding import points_hold
from loyalty.imports.jobs import Wish, file_received, import_create
from loyalty.inviting import invitation_make
from loyalty.leaderboards import leaderboard_join
from loyalty.models import (
    BacktestRun,
    CounterBackfill,
    DraftPart,
    EarningRule,
    Enrollment,
    Event,
    ImportJob,
    ImportReject,
    Ladder,
    PointCurrency,
    PointsAdjustment,
    PointsEntry,
    PointsHold,
    Program,
    ProgramVersion,
    TierInvitation,
)
from loyalty.payloads import OrderLine
from loyalty.publishing import program_create
from loyalty.services import member_enroll, points_adjust
from loyalty.transferring import points_transfer
from loyalty.withdrawing import version_withdraw
from members.facts import member_fact_set
from members.models import Consent, JoinIntent, Member, Segment, User
from members.roles import ROLES
from members.segments import segment_create, segment_member_add
from members.staff import staff_role_set
from members.tokens import BrandTokenGenerator
from panels.applying import application_make
from panels.choosing import applications_select
from panels.lending import invitation_accept, photo_put, product_receive, product_ship
from panels.models import Panel, Participation
from partners.models import ApiKey
from partners.scopes import SCOPES
from partners.services import api_key_create
from referrals.binding import referral_bind
from referrals.codes import code_choose, display_name_set
from referrals.models import Referral, ReferralMilestone
from referrals.traces import trace_note
from rewards.benefits.codes import partner_code_take
from rewards.benefits.giving import benefit_give
from rewards.benefits.models import BenefitGrant
from rewards.benefits.tokens import token_key_rotate
from rewards.benefits.uses import benefit_use, benefit_use_take_back
from rewards.carts.payments import Bill, payment_capture, payment_refund, payment_reserve
from rewards.carts.quoting import PayWith
from rewards.catalogue import reward_save
from rewards.files import file_add
from rewards.fulfilment import Address, address_set
from rewards.guessing import guess_failed
from rewards.kinds.credit import credit_use
from rewards.models import CodePool, Fulfilment, PoolImport, PoolImportReject, Redemption, Reward, RewardFile
from rewards.poolimports import pool_import_create
from rewards.pools import pool_import
from rewards.services import redemption_cancel, reward_redeem
from rewards.stock import stock_set
from rewards.suppliers.accounts import HOOK_PURPOSE
from rewards.suppliers.accounts import KEY_PURPOSE as KEY_PURPOSE
from rewards.suppliers.models import (
    SupplierConnection,
    SupplierDifference,
    SupplierOffer,
    SupplierOrder,
    SupplierProduct,
    SupplierReconciliation,
    SupplierSync,
)
from rewards.vouchers import code_of, voucher_redeem
from rewards.waiting import waiting_join
from tenants.context import brand_context, platform_context
from tenants.models import Brand, BrandSignup, Domain, SignupState
from tenants.signup import signup_link_token
from tests.loyalty import shop
from tests.matrix.billed import billed

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
Cast = dict[str, str]


@dataclass
class Side:
    """One brand of the pair. one: its objects, whose keys the other has too; two: objects that only it has."""

    brand: Brand
    place: str
    secret: str
    one: Cast = field(default_factory=dict)
    two: Cast = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)  # role → session key
    api_key: str = ""

    @property
    def host(self) -> str:
        return f"{self.brand.slug}{settings.BRAND_HOST_SUFFIX}"


@contextmanager
def same_ids(seed: int) -> Iterator[None]:
    """UUIDs from a seed, so that what is made twice gets the same ones."""
    random, ticks = Random(seed), count(1_700_000_000_000_000_000 + seed, 1_000_000)
    with patch.multiple(
        "core.ids", os=SimpleNamespace(urandom=random.randbytes), time=SimpleNamespace(time_ns=lambda: next(ticks))
    ):
        yield


def fill(side: Side, folder: Path) -> None:
    """Everything the pages show, in the side's own words, and somebody of each role with a session."""
    with brand_context(side.brand):
        with same_ids(1):
            side.one = objects(side.secret, f"{side.secret}_", folder, number=1)
            people(side)
        leftovers(side)
    with platform_context():
        side.one |= platform_objects(side)


def fill_more(side: Side, folder: Path) -> None:
    """What only this side has. Its codes hold no word: they stand in addresses, which pages may repeat."""
    with brand_context(side.brand), same_ids(2):
        side.two = objects(side.secret, "two_", folder, number=2)
    # Links and tokens are signed for a person of the same key at this brand: nothing to the other.
    signed = ("reset_uid", "reset_key", "confirm_key", "signup", "signup_token", "brand", "domain")
    side.two |= {name: side.one[name] for name in signed}


def document(word: str, prefix: str) -> dict[str, Any]:
    """A program of one rule, whose every name holds the word."""
    points = f"{prefix}points"
    return {
        "claim_types": [
            {
                "code": f"{prefix}claim",
                "name": f"{word} claim",
                "event_type": f"{prefix}claim.made",
                "proofs": [{"kind": "link"}, {"kind": "receipt"}, {"kind": "text"}],
                "fields": [{"code": f"{prefix}field", "name": f"{word} field"}],
                "unique_by": [f"{prefix}field"],
                "reasons": [f"{word} reason"],
            }
        ],
        "sections": {
            "sweepstakes": {
                "items": [
                    {
                        "code": f"{prefix}draw",
                        "name": f"{word} draw",
                        "opens_at": "2020-01-01T00:00",
                        "closes_at": "2020-02-01T00:00",
                        "prizes": [{"code": f"{prefix}bike", "name": f"{word} bike"}],
                    }
                ]
            },
            "panels": {
                "items": [
                    {
                        "code": f"{prefix}panel",
                        "name": f"{word} panel",
                        "product": f"{word} jacket",
                        "units": 5,
                        "opens_at": "2020-01-01T00:00",
                        "closes_at": "2099-01-01T00:00",
                        "selects_on": "2099-02-01T00:00",
                        "asks": [{"kind": "text", "code": f"{prefix}why", "name": f"{word} why", "needed": False}],
                        "questions": [
                            {"kind": "text", "code": f"{prefix}words", "name": f"{word} words", "needed": False}
                        ],
                    }
                ]
            },
            "referrals": {
                "friend": {
                    "description": f"{word} friend",
                    "effects": [{"kind": "points_fixed", "currency": points, "points": 1}],
                }
            },
            "benefits": {
                "benefits": [
                    {
                        "code": f"{prefix}benefit",
                        "name": f"{word} benefit",
                        "gives": {"kind": "content", "link": f"https://{word}.example/in"},
                        "moments": [{"name": f"{word} evening", "starts_at": "2099-01-01T19:00"}],
                    },
                    {
                        "code": f"{prefix}partner",
                        "name": f"{word} cinema",
                        "gives": {"kind": "partner_code", "partner": f"{word} films", "pool": f"{word} tickets"},
                        "allowance": {"uses": 2},
                    },
                    {
                        "code": f"{prefix}gift",
                        "name": f"{word} gift",
                        "gives": {"kind": "bonus"},
                        "given_to": [{"kind": "plan", "any_of": [f"{prefix}gold"]}],
                    },
                ]
            },
            "checkout": {"part_payments": [{"currency": points, "at_least": 1}]},
            "messages": {
                "items": [
                    {"code": f"{prefix}note", "name": f"{word} note", "subject": f"{word} news", "text": f"{word} text"}
                ]
            },
        },
        "schema": 1,
        "program": {
            "name": {"en": f"{word} club", "nl": f"{word} club thuis"},
            "time_zone": "Europe/Amsterdam",
            "money_currency": "EUR",
        },
        "currencies": [
            {
                "code": points,
                "name_one": f"{word} point",
                "name_many": f"{word} points",
                "value_minor_per_point": 1,
                "expiry": {"kind": "after", "n": 12, "unit": "months"},
                "transfer": {"allowed": True},
                "adjustment_limit": 1000,
            }
        ],
        "ladders": [
            {
                "code": f"{prefix}ladder",
                "name": f"{word} status",
                "qualify": {"kind": "points_earned", "currency": points},
                "tiers": [
                    {"code": f"{prefix}low", "name": f"{word} low", "threshold": 0},
                    {"code": f"{prefix}high", "name": f"{word} high", "threshold": 500},
                ],
            }
        ],
        "challenges": [{"code": f"{prefix}goal", "name": f"{word} goal", "effects": []}],
        "badges": [{"code": f"{prefix}badge", "name": f"{word} badge"}],
        "leaderboards": [
            {"code": f"{prefix}board", "name": f"{word} board", "score": {"kind": "points", "currency": points}}
        ],
        "rules": [
            {
                "code": f"{prefix}rule",
                "name": f"{word} rule",
                "description": f"{word} points for euros",
                "trigger": "order.paid",
                "effects": [
                    {"kind": "points_per_money", "currency": points, "points": 1, "per_minor": 100},
                    {"kind": "advance", "achievement": f"{prefix}goal"},
                    {"kind": "grant_badge", "badge": f"{prefix}badge"},
                ],
            },
            {
                "code": f"{prefix}visit",
                "name": f"{word} visit",
                "trigger": f"{prefix}visit.made",
                "effects": [{"kind": "points_fixed", "currency": points, "points": 5}],
                "limits": [
                    {"per": "member", "period": "day", "at_most": 50},
                    {"per": "budget", "period": "year", "at_most": 5_000},
                ],
                "caps": [f"{prefix}cap"],
            },
        ],
        "cap_groups": [
            {
                "code": f"{prefix}cap",
                "name": f"{word} cap",
                "limits": [{"per": "member", "period": "year", "at_most": 500}],
            }
        ],
    }


def objects(word: str, prefix: str, folder: Path, *, number: int) -> Cast:
    """A program with a member, points and rewards. Returns what addresses are built from."""
    staff = Actor("staff", f"user:{word}", f"{word} admin")
    slug, external = f"{prefix}club".replace("_", "-"), f"{prefix}C1"
    program = program_create(slug=slug, document=document(word, prefix), actor=staff)
    member = shop.member(
        f"{word} Anna", email=f"{prefix}anna@{word}.example", external_id=external, phone=f"{word} 06",
        acquisition_channel=f"{word} ad", utm_source=f"{word} source", utm_medium=f"{word} medium",
        utm_campaign=f"{word} campaign", referrer=f"https://{word}.example/",
        attributes={"note": word},
    )  # fmt: skip
    place = points_moved(member, program, word, prefix, number)
    reward, kept = rewards_taken(place, word, prefix, number)
    backtest_told(program, word)
    key, _secret = api_key_create(
        name=f"{word} till {number}", scopes=list(SCOPES), expires_at=None, rate_per_minute=None, actor=staff
    )
    user = User.objects.create_user(f"{prefix}team@{word}.example", "a long enough password", name=f"{word} Team")
    staff_role_set(user=user, role="support", actor=staff)
    order, entries = Event.objects.get(external_id=f"{prefix}A1"), PointsEntry.objects.filter(account__enrollment=place)
    return {
        **keys(member, program, reward, key),
        "member_id": str(member.public_id), "member_ref": f"ext:{external}", "program_slug": slug, "user": str(user.pk),
        **rewards_handled(place, word, prefix, number),
        "message_code": f"{prefix}note",
        "reward_code": reward.code, "currency_code": reward.currency, "redemption": str(kept.pk),
        "board_code": f"{prefix}board", "player": str(place.pk),
        "event": str(order.pk), "order": str(order.pk), "entry": str(entries.earliest("pk").pk),
        "newest": str(entries.latest("occurred_at", "pk").pk), "mail": mail_written(folder, word, number),
        "tier_invitation": str(TierInvitation.objects.get(enrollment=place).pk),
        "ladder_code": f"{prefix}ladder", "tier_code": f"{prefix}high",
        "hold": str(PointsHold.objects.get(account__enrollment=place).pk),
        "adjustment": str(PointsAdjustment.objects.get(enrollment=place, state="requested").pk),
        **office(word, number),
        **claimed(place, word, prefix),
        **supplied(place, word, prefix),
        **billed(place, word, prefix, number),
        **visited(place, word, prefix),
        **benefited(place, word, prefix),
        **befriended(place, word, prefix),
        **drawn(place, word, prefix),
        **tested(place, word, prefix),
        "import_job": imported(word, number), "pool_import": codes_imported(reward, word, number),
    }  # fmt: skip


def backtest_told(program: Program, word: str) -> None:
    """A backtest that failed, and a count from before that is over, in the brand's own words."""
    run = backtest_start(program=program, months=1, version=1, actor=Actor("staff", f"user:{word}", f"{word} admin"))
    run.parts.update(tally={"rules": {word: {"fired": 1}}})
    run_fail(run_id=run.pk, problem=f"{word} went wrong")
    BacktestRun.objects.filter(pk=run.pk).update(report=report_told(word))
    version, now = program.versions.get(number=1), clock.now()
    CounterBackfill.objects.create(
        program=program, version=version, counters=[f"{word}_counter"], asked_by=f"user:{word}", asked_at=now,
        finished_at=now,
    )  # fmt: skip


def report_told(word: str) -> dict[str, Any]:
    now = clock.now()
    rule = RuleReport(code="rule", name=f"{word} rule", outcomes={"fired": 1}, points=[Pair("points", 1, 1)], awards=1)
    report = BacktestReport(
        since=now, until=now, events=1, refused=0, money="EUR", people=[], currencies=[], rules=[rule], ladders=[]
    )
    plain: dict[str, Any] = msgspec.to_builtins(report)
    return plain


def points_moved(member: Member, program: Program, word: str, prefix: str, number: int) -> Enrollment:
    """Orders, a guest's, a return, a visit and an adjustment."""
    partner, staff = Actor("partner", f"api:{word}", f"{word} shop"), Actor("staff", f"user:{word}", f"{word} admin")
    place = member_enroll(member=member, program=program, actor=partner)
    rows = [
        shop.order(member, 1200, f"{prefix}A1", days_ago=3, channel=f"{word} web", store=f"{word} store"),
        shop.order(None, 40, f"{prefix}G1"),
        shop.order(member, 30, f"{prefix}A2"),
        {**shop.review(member, f"{prefix}V1"), "type": f"{prefix}visit.made"},
        shop.returned(member, f"{prefix}A2", 10, f"{prefix}R1"),
    ]
    for answer in shop.send(*({**row, "program": program.slug} for row in rows), actor=partner):
        assert answer.error is None, answer
    leaderboard_join(enrollment=place, name=f"{word} {number}", actor=partner)
    key = f"{word}-{number:024d}"
    points_adjust(
        enrollment=place, currency=f"{prefix}points", points=7, reason=f"{word} sorry", actor=staff, key=key
    )  # fmt: skip
    tier_floor_set(
        enrollment=place, ladder=f"{prefix}ladder", tier=f"{prefix}high", source="plan", until=None,
        reason=f"{word} plan", actor=partner,
    )  # fmt: skip
    invitation_make(
        enrollment=place, ladder=f"{prefix}ladder", tier=f"{prefix}high", until=None, reason=f"{word} friend",
        at_once=False, actor=staff,
    )  # fmt: skip
    points_hold(
        enrollment=place, currency=f"{prefix}points", points=9, actor=partner, key=key, order_number=f"{word} 9"
    )
    asked: dict[str, Any] = {"enrollment": place, "currency": f"{prefix}points", "points": 5000, "actor": staff}
    refused = adjustment_make(reason=f"{word} too much", key=f"{key}-3", **asked)
    adjustment_refuse(adjustment=refused, actor=staff, note=f"{word} no")
    adjustment_make(reason=f"{word} a lot", key=f"{key}-2", **asked)
    friend = shop.member(
        f"{word} Bram", email=f"{prefix}bram@{word}.example", external_id=f"{prefix}C2", phone=f"{word} 07"
    )
    points_transfer(
        sender=place, recipient=member_enroll(member=friend, program=program, actor=partner),
        currency=f"{prefix}points", points=3, actor=partner, key=key, note=f"{word} enjoy",
    )  # fmt: skip
    return place


def rewards_handled(place: Enrollment, word: str, prefix: str, number: int) -> Cast:
    """A parcel, a gift card used in part, credit, a gift, a page with a file, a waiting list, in the brand's words."""
    partner, staff = Actor("partner", f"api:{word}", f"{word} shop"), Actor("staff", f"user:{word}", f"{word} admin")
    shade = Image.new("RGB", (8, 8), (number % 200, len(word), 9))
    drawn = BytesIO()
    shade.save(drawn, "PNG")
    picture = file_add(name=f"{word} picture", raw=drawn.getvalue(), actor=staff)
    paper = file_add(name=f"{word} paper", raw=f"%PDF-1.4 {word} {number}".encode(), actor=staff)
    kinds: dict[str, Any] = {
        "mugs": {"kind": "physical", "sku": f"{word} sku"},
        "card": {"kind": "gift_card", "amount_minor": 900},
        "credit": {"kind": "store_credit", "amount_minor": 500},
        "trees": {"kind": "donation", "cause": f"{prefix}trees", "cause_name": f"{word} trees", "amount_minor": 5},
        "read": {"kind": "content", "page": f"{word} secret", "file": paper.digest},
        "show": {"kind": "experience", "place": f"{word} hall"},
    }
    price = [{"points": 1, "currency": f"{prefix}points"}]
    taken = {}
    for code, kind in kinds.items():
        plain = {"code": f"{prefix}{code}", "name": f"{word} {code}", "kind": kind, "prices": price, "stock": 1}
        reward = reward_save(program=place.program, plain={**plain, "picture": picture.digest}, actor=staff)
        taken[code] = reward_redeem(enrollment=place, reward=reward, actor=partner, key=f"{word}-{number}-{code}")
    home = Address(f"{word} Anna", f"{word} street", "1011", f"{word} town", "NL")
    parcel = address_set(redemption=taken["mugs"], address=home, actor=partner)
    Fulfilment.objects.filter(pk=parcel.pk).update(carrier=f"{word} post", tracking=f"{word} 3S")
    code_text = code_of(taken["card"]) or ""
    _found, use = voucher_redeem(code=code_text, amount_minor=5, reference=f"{word} receipt", actor=partner)
    credit_use(member=place.member, amount_minor=5, currency="EUR", reference=f"{word} order", actor=partner)
    waiting = waiting_join(enrollment=place, reward=taken["show"].reward, actor=partner)
    guess_failed({f"key:{word}{number}": 10})
    return {
        "sent_redemption": str(taken["mugs"].pk), "content_redemption": str(taken["read"].pk),
        "picture": picture.digest, "reward_file": str(picture.pk), "parcel": str(parcel.pk),
        "voucher": str(taken["card"].voucher.pk), "voucher_code": code_text, "voucher_use": str(use.pk if use else ""),
        "waiting_place": str(waiting.pk),
    }  # fmt: skip


def rewards_taken(place: Enrollment, word: str, prefix: str, number: int) -> tuple[Reward, Redemption]:
    """A reward with codes and stock, taken twice and once given back."""
    partner, staff = Actor("partner", f"api:{word}", f"{word} shop"), Actor("staff", f"user:{word}", f"{word} admin")
    pool = CodePool.objects.create(name=f"{word} pool {number}", low_at=5)
    pool_import(pool=pool, codes=[f"{word.upper()}{number}-{each:04d}" for each in range(9)], actor=staff)
    reward = Reward.objects.create(
        program=place.program, code=f"{prefix}mug", name=f"{word} mug", name_nl=f"{word} mok", terms=f"{word} terms",
        description=f"{word} a mug", description_nl=f"{word} een mok", currency=f"{prefix}points", price=50, pool=pool,
    )  # fmt: skip
    stock_set(reward=reward, total=8, actor=staff)
    kept, gone = (
        reward_redeem(enrollment=place, reward=reward, actor=partner, key=f"{word}-{number}-{time}-of-two-times")
        for time in ("one", "two")
    )
    redemption_cancel(redemption=gone, actor=partner, reason=f"{word} changed their mind")
    Redemption.objects.filter(pk=gone.pk).update(
        order_number=f"{word}-{number}", refund_reason=f"{word} came back", asked={"order": word}
    )
    segment = segment_create(code=reward.code, name=f"{word} regulars", description=f"{word} people", actor=staff)
    member_fact_set(member_id=place.member_id, key="note", value=word)
    segment_member_add(segment=segment, member=place.member, actor=staff)
    return reward, kept


def supplied(place: Enrollment, word: str, prefix: str) -> Cast:
    """An account at a supplier, a product, an order that waits for the team, and a comparison that found it."""
    now = clock.now()
    account = SupplierConnection.objects.create(
        program=place.program, code=f"{prefix}cards", name=f"{word} cards", supplier="card_catalogue",
        base_url=f"https://{word}.example/", sealed_secret=seal(word, purpose=KEY_PURPOSE), secret_last4=word[-4:],
        sealed_hook_secret=seal(word, purpose=HOOK_PURPOSE), currency=f"{prefix}points", rates={"EUR": "1"},
        countries=[], balance_minor=1, balance_currency="EUR", verified_at=now, problem=f"{word} problem",
    )  # fmt: skip
    product = SupplierProduct.objects.create(
        connection=account, external_id=f"{prefix}card", name=f"{word} card", brand_name=f"{word} brand",
        category=f"{word} sort", description=f"{word} description", terms=f"{word} terms", money_currency="EUR",
        values=[7], seen_at=now,
    )  # fmt: skip
    kind = {"kind": "supplied", "supplier": account.code, "product": product.external_id, "amount_minor": 7}
    body = {"code": f"{prefix}supplied", "name": f"{word} card", "kind": kind,
            "prices": [{"points": 5, "currency": f"{prefix}points"}]}  # fmt: skip
    reward = Reward.objects.create(
        program=place.program, code=f"{prefix}supplied", name=f"{word} card", currency=f"{prefix}points", price=5,
        kind="supplied", body=body,
    )  # fmt: skip
    SupplierOffer.objects.create(reward=reward, product=product, value_minor=7, price_by_rate=False)
    partner = Actor("partner", f"api:{word}", f"{word} shop")
    taken = reward_redeem(enrollment=place, reward=reward, actor=partner, key=f"{word}-card-taken-one-time")
    order = SupplierOrder.objects.get(redemption=taken)
    SupplierOrder.objects.filter(pk=order.pk).update(
        state="stuck", next_at=None, ref=f"{word} ref", failure=f"{word} why", last_error=f"{word} said",
        sealed=None,
    )  # fmt: skip
    SupplierSync.objects.create(
        connection=account, state="failed", requested_by=f"user:{word}", requested_at=now, problem=f"{word} problem"
    )
    made = SupplierReconciliation.objects.create(
        connection=account, since=now, until=now, started_at=now, requested_by=f"user:{word}", problem=f"{word} away"
    )
    SupplierDifference.objects.create(
        reconciliation=made, kind="overdue", order=order, key=f"{word} key", ref=f"{word} ref", ours=f"{word} here",
        theirs=f"{word} there",
    )  # fmt: skip
    rows = {"supplier": account, "supplier_product": product, "supplier_order": order, "comparison": made}
    return {"supplied": str(taken.pk), **{name: str(row.pk) for name, row in rows.items()}}


def claimed(place: Enrollment, word: str, prefix: str) -> Cast:
    """Claims that wait, were refused and were approved, each with a file."""
    partner, staff = Actor("partner", f"api:{word}", f"{word} shop"), Actor("staff", f"user:{word}", f"{word} admin")
    sent = Sent(
        f"{prefix}claim", fields={f"{prefix}field": f"{word} value"}, link=f"https://{word}.example/me",
        text=f"{word} words", files=(Upload("receipt", PDF, f"%PDF-{word}%%EOF".encode(), word.ljust(64, "0")),),
    )  # fmt: skip
    refused, approved, waiting = (
        claim_submit(enrollment=place, sent=sent, actor=partner, key=f"{word}-{time}-of-three-claims")
        for time in ("one", "two", "three")
    )
    claim_refuse(claim=refused, reason=f"{word} no", actor=staff, key=f"{word}-refused-for-good")
    claim_approve(claim=approved, actor=staff, key=f"{word}-approved-for-good")
    file = waiting.files.values_list("pk", flat=True)[0]
    return {"claim": str(waiting.pk), "claim_type": sent.type, "claim_file": str(file)}


def visited(enrollment: Enrollment, word: str, prefix: str) -> Cast:
    """A place, and somebody who was there."""
    place = Place.objects.create(
        code=f"{prefix}place", name=f"{word} place", address=f"{word} street", latitude="52.1", longitude="5.1",
        tags=[f"{word} tag"], secret=secret_new(),
    )  # fmt: skip
    visit = CheckIn.objects.create(
        enrollment=enrollment, place=place, method="code", state="held", reason="too_fast", at=clock.now(),
        decided_by=f"user:{word}", key=f"{word} key", body_hash=b"x", source=f"{word} till", initiated_by="partner",
    )  # fmt: skip
    return {
        "place": str(place.pk),
        "place_code": place.code,
        "place_token": token_of(place, clock.now()),
        "check_in": str(visit.pk),
    }


def benefited(place: Enrollment, word: str, prefix: str) -> Cast:
    """A benefit that was used, one that was given by hand, and a key that signs."""
    partner, staff = Actor("partner", f"api:{word}", f"{word} shop"), Actor("staff", f"user:{word}", f"{word} admin")
    member_fact_set(member_id=place.member_id, key="plan", value=f"{prefix}silver")
    use, gone = (
        benefit_use(
            enrollment=place, code=f"{prefix}benefit", external_id=f"{word}-{prefix}{number}", actor=partner,
            order_number=f"{word} 7", note=f"{word} note",
        )
        for number in (1, 2)
    )  # fmt: skip
    benefit_use_take_back(use=gone, actor=staff, reason=f"{word} mistake")
    tickets, _new = CodePool.objects.get_or_create(name=f"{word} tickets")
    pool_import(pool=tickets, codes=[f"{word.upper()}-{prefix}{each}" for each in range(20)], actor=staff)
    partner_code_take(enrollment=place, code=f"{prefix}partner", key=f"{word}-{prefix}", actor=partner)
    grant = benefit_give(enrollment=place, code=f"{prefix}gift", reason=f"{word} wedding", actor=staff)
    BenefitGrant.objects.filter(pk=grant.pk).update(causes=[f"{word} staff"])
    payment = payment_reserve(
        enrollment=place, pay=PayWith(f"{prefix}points", 6), actor=partner, key=f"{word}-{prefix}-payment",
        bill=Bill(900, [OrderLine(sku=f"{word} tea", net_minor=900)]), order_number=f"{word} 8",
    )  # fmt: skip
    payment_capture(payment=payment, order_number=f"{word} 8", actor=partner)
    payment_refund(payment=payment, points=2, reason=f"{word} broken", lines=(), actor=partner)
    return {
        "cart_payment": str(payment.pk),
        "benefit_code": f"{prefix}benefit",
        "partner_benefit": f"{prefix}partner",
        "benefit": str(use.benefit_id),
        "benefit_grant": str(grant.pk),
        "benefit_use": str(use.pk),
        "token_key": str(token_key_rotate(actor=staff).pk),
    }


def befriended(place: Enrollment, word: str, prefix: str) -> Cast:
    """A code, a friend who came by it and is looked at, and a milestone."""
    partner = Actor("partner", f"api:{word}", f"{word} shop")
    code_choose(enrollment=place, code=f"{prefix}friend".replace("_", ""), actor=partner)
    code = display_name_set(enrollment=place, name=f"{word} Anna")
    friend = shop.member(f"{word} Cas", email=f"{prefix}cas@{word}.example", external_id=f"{prefix}C3")
    row = referral_bind(
        code=code, friend=member_enroll(member=friend, program=place.program, actor=partner), actor=partner
    )
    trace_note(member=friend, kind="card", value=word)
    event = Event.objects.filter(program=place.program).order_by("pk").values_list("pk", flat=True)[0]
    Referral.objects.filter(pk=row.pk).update(
        state="flagged", because="signals", signals=[{"kind": word, "does": "flag", "weight": 100}], event=event,
        converted_at=clock.now(), hold_until=clock.now(), decided_by=f"user:{word}", reason=f"{word} why",
    )  # fmt: skip
    ReferralMilestone.objects.create(enrollment=place, number=1, referral=row, reached_at=clock.now())
    return {
        "referral": str(row.pk),
        "friend_code": code.code,
        "friend_code_row": str(code.pk),
        "friend_id": str(friend.public_id),
    }


def drawn(place: Enrollment, word: str, prefix: str) -> Cast:
    """A sweepstake that was drawn, and its winner passed over."""
    row = Sweepstake.objects.get(program=place.program)
    SweepstakeEntry.objects.create(
        sweepstake=row, enrollment=place, way="free", cause=f"{word}:1", entered_at=clock.now()
    )  # fmt: skip
    staff = Actor("staff", f"user:{word}", f"{word} admin")
    sweepstake_draw(sweepstake_id=row.pk, actor=staff)
    winner_pass(sweepstake_id=row.pk, place=1, reason=f"{word} didn't answer", actor=staff)
    # One can't be both; its words belong to nobody else all the same.
    Sweepstake.objects.filter(pk=row.pk).update(
        canceled_by=f"user:{word}", cancel_reason=f"{word} why", outside=f"{word} pulse"
    )
    return {"sweepstake": str(row.pk), "sweepstake_code": row.code}


def tested(place: Enrollment, word: str, prefix: str) -> Cast:
    """A member who tests a product, with answers in the brand's words, and a picture; another who only applied."""
    partner, staff = Actor("partner", f"api:{word}", f"{word} shop"), Actor("staff", f"user:{word}", f"{word} admin")
    row = Panel.objects.get(program=place.program)
    answers = {f"{prefix}why": f"{word} because"}
    application = application_make(panel=row, enrollment=place, answers=answers, actor=partner)
    applications_select(panel=row, ids=[application.pk], actor=staff)
    one = Participation.objects.get(application=application)
    home = Address(f"{word} Anna", f"{word} street", "1011", f"{word} town", "NL")
    invitation_accept(participation=one, address=home, actor=partner)
    product_ship(participation=one, carrier=f"{word} post", tracking=f"{word} 3S", actor=staff)
    product_receive(participation=one, actor=partner)
    photo = photo_put(participation=one, question=f"{prefix}words", content=word.encode(), media_type=f"image/{word}")
    said = {f"{prefix}words": f"{word} said"}
    Participation.objects.filter(pk=one.pk).update(
        draft=said, answers=said, note=f"{word} note", event=application.pk, answered_at=clock.now()
    )
    to_be_sent(row, word, home, answers)
    # Lots were drawn for it, and it shows a picture of the brand's.
    picture = RewardFile.objects.filter(media_type="image/jpeg").earliest("pk").digest
    Panel.objects.filter(pk=row.pk).update(
        drawn_at=clock.now(), spec={**row.spec, "picture": picture}, canceled_by=f"user:{word}",
        cancel_reason=f"{word} why",
    )  # fmt: skip
    bram = Enrollment.objects.exclude(pk=place.pk).filter(program=place.program).order_by("pk")[0]
    waits = application_make(panel=row, enrollment=bram, answers=answers, actor=partner)
    return {
        "panel": str(row.pk),
        "panel_code": row.code,
        "panel_application": str(waits.pk),
        "panel_tester": str(one.pk),
        "panel_photo": str(photo.pk),
    }


def to_be_sent(row: Panel, word: str, home: Address, answers: dict[str, str]) -> None:
    """Another who said yes, and whom nothing was sent yet."""
    partner, staff = Actor("partner", f"api:{word}", f"{word} shop"), Actor("staff", f"user:{word}", f"{word} admin")
    cato = member_enroll(member=shop.member(f"{word} Cato"), program=row.program, actor=partner)
    application = application_make(panel=row, enrollment=cato, answers=answers, actor=partner)
    applications_select(panel=row, ids=[application.pk], actor=staff)
    invitation_accept(participation=Participation.objects.get(application=application), address=home, actor=partner)


def imported(word: str, number: int) -> str:
    """A file of the side, half done and paused, with a row that was refused."""
    wish = Wish(filename=f"{word} {number}.csv", format="csv", source=f"{word}.import", program=f"{word}-club")
    actor = Actor("staff", f"user:{word}", f"{word} admin")
    text = f"{word} id,{word} day\n{word}-{number},2026-01-01\n"
    with file_received([text.encode()]) as kept:
        job, _new = import_create(kept=kept, wish=msgspec.structs.replace(wish, program=""), actor=actor)
    told = {word: number}
    ImportJob.objects.filter(pk=job.pk).update(
        state="paused", program=wish.program, mapping={"fields": {"id": f"{word} id"}}, total=2, done=1, counts=told,
        issued=told, reversed=told, reasons=told, problem={"detail": word},
    )  # fmt: skip
    ImportReject.objects.create(job=job, line=2, external_id=word, code=word, field=word, reason=word)
    return str(job.pk)


def codes_imported(reward: Reward, word: str, number: int) -> str:
    """A file of codes of the side, half done and paused, with a line that was left out."""
    assert reward.pool is not None
    actor = Actor("staff", f"user:{word}", f"{word} admin")
    lines = [f"{word} code {number} {each}" for each in range(3)]
    job = pool_import_create(pool=reward.pool, codes=lines, filename=f"{word} codes {number}.csv", actor=actor)
    PoolImport.objects.filter(pk=job.pk).update(state="paused", problem={"detail": word})
    PoolImportReject.objects.create(job=job, first_line=1, lines=[[2, word]])
    return str(job.pk)


def keys(member: Member, program: Program, reward: Reward, key: ApiKey) -> Cast:
    rows: dict[str, Any] = {
        "member": member,
        "program": program,
        "reward": reward,
        "pool": reward.pool,
        "segment": Segment.objects.get(code=reward.code),
        "key": key,
        "version": ProgramVersion.objects.get(program=program, number=1),
        "backtest": BacktestRun.objects.get(program=program),
        "currency": PointCurrency.objects.get(program=program),
        "ladder": Ladder.objects.get(program=program),
        "part": DraftPart.objects.filter(program=program).order_by("pk")[0],
        "rule": EarningRule.objects.filter(program=program).order_by("pk")[0],
    }
    return {name: str(row.pk) for name, row in rows.items()}


def office(word: str, number: int) -> Cast:
    """Rows that run the house: trail, messages, jobs."""
    now = clock.now()
    audit_record(
        actor=f"user:{word}", action=f"{word}.act", object_type=f"{word}_thing", object_id=word, changes={"was": word}
    )
    # Left undelivered on purpose: nobody handles this topic.
    message = OutboxMessage.objects.create(
        topic=f"{word}.happened", payload={"note": word}, created_at=now, available_at=now + timedelta(days=9),
        last_error=f"{word} failed",
    )  # fmt: skip
    job = JobRun.objects.create(
        job=f"{word}{number}", scope=word, local_date=now.date(), started_at=now, outcome={"note": word}
    )
    return {"audit": str(AuditEntry.objects.latest("pk").pk), "outbox": str(message.pk), "job": str(job.pk)}


def people(side: Side) -> None:
    """Somebody of each role, logged in; and a key."""
    staff = Actor("staff", f"user:{side.secret}", "admin")
    member = User.objects.create_user(
        f"{side.secret}.anna@{side.secret}.example", "a long enough password", name=f"{side.secret} Anna"
    )
    EmailAddress.objects.create(user=member, email=member.email, verified=True, primary=True)
    Member.objects.filter(pk=side.one["member"]).update(user=member)
    side.cookies["member"] = logged_in(side.host, member)
    TOTP.activate(member, "JBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(member)
    for role in ROLES:
        user = User.objects.create_user(
            f"{side.secret}.{role}@{side.secret}.example", "a long enough password", name=f"{side.secret} {role}"
        )
        staff_role_set(user=user, role=role, actor=staff)
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        side.cookies[role] = logged_in(side.host, User.objects.get(pk=user.pk))
    _row, side.api_key = api_key_create(
        name=f"{side.secret} shop", scopes=list(SCOPES), expires_at=None, rate_per_minute=None, actor=staff
    )
    unproven = EmailAddress.objects.create(user=member, email=f"new@{side.secret}.example", verified=False)
    side.one |= {
        "reset_uid": user_pk_to_url_str(member),
        "reset_key": BrandTokenGenerator().make_token(member),
        "confirm_key": EmailConfirmationHMAC(unproven).key,
    }


def logged_in(host: str, user: User) -> str:
    client = Client(SERVER_NAME=host)
    client.force_login(user, backend=BACKEND)
    session = client.session
    # As the log-in page notes it: pages that ask for the password again see that it was given just now.
    session["account_authentication_methods"] = [{"method": "password", "at": time(), "email": user.email}]
    session.save()
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def taken_back(side: Side) -> None:
    """A version of the program that was to take effect later and won't."""
    first = ProgramVersion.objects.get(pk=side.one["version"])
    waits = {"number": 9, "in_force_from": clock.now() + timedelta(days=9), "published_at": clock.now()}
    version = ProgramVersion.objects.create(
        program=first.program, document=first.document, document_hash=first.document_hash,
        published_by=side.secret, **waits,
    )  # fmt: skip
    version_withdraw(version=version, actor=Actor("staff", f"user:{side.secret}", "admin"), reason=side.secret)


def leftovers(side: Side) -> None:
    """Rows of tables that no page above fills, and the messages that all this left, delivered."""
    now = clock.now()
    member = Member.objects.get(pk=side.one["member"])
    joining = User.objects.create_user(f"joining@{side.secret}.example", None)
    JoinIntent.objects.create(
        user=joining, terms_version=side.secret, acquisition={"channel": side.secret}, recorded_at=now
    )
    Consent.objects.create(
        member=member, purpose="terms", granted=True, text_version=side.secret, source=side.secret, recorded_at=now
    )
    IdempotencyRecord.objects.create(
        principal=side.secret, key=side.secret, body_hash=b"x", status=200, reply={"note": side.secret}, created_at=now
    )
    RateWindow.objects.create(principal=side.secret, window_start=1, leased=1)
    taken_back(side)
    SharedCounter.objects.create(key=side.secret, value=side.secret, expires_at=now)
    guess = {"username": side.secret, "user_agent": side.secret, "http_accept": side.secret, "path_info": side.secret}
    AccessAttempt.objects.create(get_data=side.secret, post_data=side.secret, failures_since_start=1, **guess)
    AccessFailureLog.objects.create(**guess)
    AccessLog.objects.create(session_hash=side.secret, **guess)
    Authenticator.objects.create(user=joining, type=Authenticator.Type.TOTP, data={"secret": side.secret})
    LogEntry.objects.create(
        user=joining, action_flag=CHANGE, object_id=side.secret, object_repr=side.secret, change_message=side.secret
    )
    while outbox_drain(limit=500):
        pass


def platform_objects(side: Side) -> Cast:
    """What the platform knows of the brand."""
    wish = BrandSignup.objects.create(
        id=uuid7(), name=f"{side.place} wish", slug=f"{side.place}-wish", email=f"wish@{side.place}.example",
        state=SignupState.FAILED, error=f"{side.place} error", confirmed_at=timezone.now(), attempts=1,
    )  # fmt: skip
    domain = Domain.objects.get(tenant=side.brand)
    return {
        "signup": str(wish.pk),
        "signup_token": signup_link_token(wish),
        "brand": str(side.brand.pk),
        "domain": str(domain.pk),
    }


def mail_written(folder: Path, word: str, number: int) -> str:
    """A mail in the catcher of the current schema; its name is the same at both brands."""
    name = f"{1_700_000_000_000 + number:013d}-{number:016x}"
    box = folder / connection.schema_name  # type: ignore[attr-defined]  # django-tenants'
    box.mkdir(parents=True, exist_ok=True)
    (box / f"{name}.eml").write_text(
        f"Subject: {word} mail\nTo: {word}@example.com\nFrom: {word}@example.com\n"
        f'Content-Type: text/html\n\n<html><head></head><body><p style="color:red">{word}</p></body></html>\n'
    )
    return name
