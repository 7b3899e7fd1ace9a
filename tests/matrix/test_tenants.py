"""Trials 12 and 16: every address, by every method, as everybody, from everywhere.

The addresses come from the URL resolvers; urls.yaml says what each is, and an address that isn't in it fails. Two
brands share all primary keys and differ in every text (pair.py): no answer, header, cookie, cache entry, mail, file or
line of the log of the one may hold a word of the other, no row may change at the other (I10), nothing may answer 5xx,
and every answer carries the headers of trial 16. plan.py says who calls what from where, calls.py sends and judges.

Everybody calls their own host, the other brand's with the same log-in or key, and the own one for the other brand's
objects. Whoever may most also claims the other host in X-Forwarded-Host, and tries the platform's host and one that is
none: neither looks at who calls. All of it runs at any TRIAL_SCALE; it takes a minute.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from http.cookies import SimpleCookie
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import caches
from django.db import connection, transaction
from django.test import override_settings

from core.api import limits
from core.errors import NotFound
from core.secrets import VERSION, unseal
from loyalty.ledger import ledger_invariants
from members.models import User
from rewards.poolfiles import PURPOSE
from tenants import registry
from tenants.context import brand_context, park, platform_context
from tenants.models import Brand
from tenants.provision import brand_drop, brand_provision
from tests.conftest import writes_by_table
from tests.matrix import routes
from tests.matrix.billed import WORDLESS as BILLED_WORDLESS
from tests.matrix.calls import HEADERS, Call, Caller, Log, header_faults
from tests.matrix.pair import Side, fill, fill_more, logged_in, mail_written
from tests.matrix.plan import RIGHT, Stage, expected, segments, unlisted
from tests.matrix.routes import Line, lines, resolved, stale, unclassified

pytestmark = pytest.mark.trial

# Text columns that hold no word, by table.column: choices, digests, what Django keeps of itself, and what is sealed.
WORDLESS = {
    "account_emailconfirmation.key",
    "auth_group.name",
    "auth_permission.codename",
    "auth_permission.name",
    "claims_checkin.initiated_by",
    "claims_checkin.method",
    "claims_checkin.reason",
    "claims_checkin.state",
    "claims_claim.fingerprint",
    "claims_claim.initiated_by",
    "claims_claim.link_key",
    "claims_claim.state",
    "claims_claimdouble.kind",
    "claims_claimfile.kind",
    "claims_claimfile.media_type",
    "claims_place.kind",
    "claims_place.secret",
    "draws_sweepstake.commitment",
    "draws_sweepstake.entries_hash",
    "draws_sweepstake.revealed",
    "draws_sweepstake.seed",
    "draws_sweepstake.state",
    "draws_sweepstakeentry.person",
    "draws_sweepstakeentry.way",
    "draws_sweepstakewinner.state",
    "loyalty_backtestrun.state",
    "django_content_type.app_label",
    "django_content_type.model",
    "django_migrations.app",
    "django_migrations.name",
    "django_session.session_data",
    "rewards_benefitgrant.source",
    "rewards_benefituse.initiated_by",
    "rewards_benefituse.period",
    "rewards_cartpayment.initiated_by",
    "rewards_cartpayment.money",
    "rewards_cartrefund.initiated_by",
    "rewards_cartrefund.lines",
    "rewards_benefituse.causes",
    "rewards_supplierconnection.balance_currency",
    "rewards_supplierconnection.countries",
    "rewards_supplierconnection.paused",
    "rewards_supplierconnection.rates",
    "rewards_supplierconnection.rounding",
    "rewards_supplierconnection.sealed_hook_secret",
    "rewards_supplierconnection.sealed_secret",
    "rewards_supplierconnection.secret_last4",
    "rewards_supplierconnection.supplier",
    "rewards_supplierdifference.kind",
    "rewards_supplierorder.money_currency",
    "rewards_supplierorder.sealed",
    "rewards_supplierorder.sealed_pin",
    "rewards_supplierorder.state",
    "rewards_supplierproduct.countries",
    "rewards_supplierproduct.money_currency",
    "rewards_supplierproduct.values",
    "rewards_suppliersync.state",
    "rewards_tokenkey.kid",
    "rewards_tokenkey.public",
    "rewards_tokenkey.sealed",
    "django_session.session_key",
    "loyalty_achievement.kind",
    "loyalty_budget.period",
    "loyalty_draftpart.kind",
    "loyalty_event.initiated_by",
    "loyalty_event.status",
    "loyalty_importjob.format",
    "loyalty_importjob.initiated_by",
    "loyalty_importjob.kind",
    "loyalty_importjob.path",
    "loyalty_importjob.sha256",
    "loyalty_importjob.state",
    "loyalty_order.currency",
    "loyalty_order.returned_lines",
    "loyalty_pointsadjustment.effect",
    "loyalty_pointsadjustment.initiated_by",
    "loyalty_pointsadjustment.reason_code",
    "loyalty_pointsadjustment.state",
    "loyalty_pointshold.effect",
    "loyalty_pointshold.initiated_by",
    "loyalty_pointshold.state",
    "loyalty_pointslot.expiry",
    "loyalty_pointslot.waits_for",
    "loyalty_pointstransfer.cause",
    "loyalty_pointstransfer.effect",
    "loyalty_pointstransfer.initiated_by",
    "loyalty_pointsentry.initiated_by",
    "loyalty_pointsentry.kind",
    "loyalty_program.sections",
    "loyalty_programversion.note",
    "loyalty_progresscounter.period",
    "loyalty_tierchange.cause",
    "loyalty_tierfloor.source",
    "loyalty_tierinvitation.state",
    "loyalty_tierstanding.cause",
    "members_consent.purpose",
    "members_member.language",
    "members_member.status",
    "members_member.time_zone",
    "members_user.language",
    "members_user.password",
    "mfa_authenticator.type",
    "partners_apikey.prefix",
    "partners_apikey.scopes",
    "panels_answerphoto.question",
    "panels_application.state",
    "panels_application.way",
    "panels_panel.commitment",
    "panels_panel.entries_hash",
    "panels_panel.revealed",
    "panels_panel.seed",
    "panels_panel.state",
    "panels_participation.address",
    "panels_participation.country",
    "panels_participation.outcome",
    "panels_participation.state",
    "referrals_referral.because",
    "referrals_referral.code",
    "referrals_referral.initiated_by",
    "referrals_referral.state",
    "referrals_referralcode.code",
    "referrals_referraltrace.kind",
    "rewards_donation.money_currency",
    "rewards_fulfilment.address",
    "rewards_fulfilment.country",
    "rewards_fulfilment.state",
    "rewards_redemption.money_currency",
    "rewards_redemption.money_reference",
    "rewards_redemption.money_state",
    "rewards_redemption.request",
    "rewards_reward.kind",
    "rewards_reward.picture",
    "rewards_reward.terms_nl",
    "rewards_rewardfile.digest",
    "rewards_rewardfile.media_type",
    "rewards_storecredit.money_currency",
    "rewards_voucher.kind",
    "rewards_voucher.money_currency",
    "rewards_voucher.sealed",
    "rewards_voucher.state",
    "rewards_voucher.terms",
    "rewards_waitingplace.note",
    "rewards_waitingplace.option",
    "rewards_waitingplace.state",
    "rewards_poolcode.sealed",
    "rewards_poolcode.state",
    "rewards_poolimport.initiated_by",
    "rewards_poolimport.path",
    "rewards_poolimport.state",
    "rewards_redemption.given_for",
    "rewards_redemption.initiated_by",
    "rewards_redemption.state",
    "rewards_reward.emoji",
    "rewards_reward.tiers",
    *BILLED_WORDLESS,
}
SEALED = f"{VERSION}."
# What its own people are refused here, since there is no Stripe to ask: that answer holds no word. Another brand's is a
# 404, which is told apart from it.
REFUSED = {"api/v1/shipments/<uuid:shipment>/now"}


@pytest.fixture(scope="module")
def stage(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Two brands that are really there, filled in one transaction that is undone in the end."""
    folder = tmp_path_factory.mktemp("matrix")
    log = Log()
    root = logging.getLogger()
    level = root.level
    root.addHandler(log)
    root.setLevel(logging.INFO)
    places = ("pubamber", "pubbasalt")
    with django_db_blocker.unblock(), override_settings(MAILBOX_DIR=folder / "mail", MEDIA_ROOT=folder / "media"):
        limits.forget_all()
        try:
            brands = [
                brand_provision(slug=place, name=f"{place} brand", owner_email=f"owner@{place}.example")
                for place in places
            ]
            words = ("zqamber", "zqbasalt")
            sides = [Side(*each) for each in zip(brands, places, words, strict=True)]
            with transaction.atomic():
                yield _furnished(sides, folder, Caller(log=log))
                transaction.set_rollback(True)
        finally:
            root.removeHandler(log)
            root.setLevel(level)
            for place in places:
                with suppress(NotFound):
                    brand_drop(slug=place)
            caches["default"].clear()
            registry.forget_all()
            park()


def _furnished(sides: list[Side], folder: Path, caller: Caller) -> Stage:
    amber, basalt = sides
    for side in sides:
        fill(side, folder / "mail")
    fill_more(basalt, folder / "mail")
    with platform_context():
        operator = Brand.objects.get(slug=settings.OPERATOR_SLUG)
        mail_written(folder / "mail", "zqnobody", 1)
    with brand_context(operator):
        root: dict[str, Any] = {"is_staff": True, "is_superuser": True, "name": "zqoperator"}
        user = User.objects.create_user("zqoperator@operator.example", **root)
        session = logged_in(f"{operator.slug}{settings.BRAND_HOST_SUFFIX}", user)
    return Stage(amber, basalt, operator, session, folder, caller)


# --- the tests -------------------------------------------------------------------------------------------------------
def test_every_address_is_in_a_class() -> None:
    assert not unclassified(), "\n".join(unclassified())


def test_an_address_without_a_line_is_named_with_the_line_to_add(monkeypatch: pytest.MonkeyPatch) -> None:
    known = routes.table()
    del known["brand"]["my-rewards/<uuid:redemption_id>/"]
    known["brand"]["gone/"] = {"kind": "public"}
    monkeypatch.setattr(routes, "table", lambda: known)
    (told,) = unclassified()
    assert "/my-rewards/<uuid:redemption_id>/ (one) is in no class" in told
    assert "'my-rewards/<uuid:redemption_id>/': {kind: " in told
    assert "path: {redemption_id: OBJECT}" in told
    assert stale() == ["brand: /gone/"]


def test_no_line_speaks_of_an_address_that_is_gone() -> None:
    assert stale() == []


def test_the_operators_host_has_every_address_of_a_brands() -> None:
    assert resolved("brand").items() <= resolved("operator").items()


def test_both_brands_share_their_keys_and_differ_in_every_text(stage: Stage) -> None:
    own_words = {
        "member_ref", "program_slug", "reward_code", "currency_code", "reset_key", "confirm_key", "signup",
        "signup_token", "brand", "domain", "claim_type", "place_code", "place_token", "board_code", "message_code",
        "ladder_code", "tier_code", "benefit_code", "partner_benefit", "friend_code", "sweepstake_code", "panel_code",
        "picture", "voucher_code", "plan_code", "free_plan_code", "meter_code", "add_on_code",
    }  # fmt: skip
    for name, value in stage.amber.one.items():
        assert (value == stage.basalt.one[name]) == (name not in own_words), name
        assert name in ("number", "reset_uid") or value != stage.basalt.two[name], name
    for side in (stage.amber, stage.basalt):
        assert wordless(side) <= WORDLESS, "fill these in tests/matrix/pair.py, or name them in WORDLESS"


def wordless(side: Side) -> set[str]:
    """Text columns of the side's tables without its word in any row."""
    found = set()
    with brand_context(side.brand), connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = %s"
            " AND data_type IN ('text', 'character varying', 'jsonb')",
            [side.brand.schema_name],
        )
        for table, column in cursor.fetchall():
            cursor.execute(
                f'SELECT 1 FROM "{table}" WHERE lower("{column}"::text) LIKE %s LIMIT 1',
                [f"%{side.secret}%"],
            )
            if cursor.fetchone() is None:
                found.add(f"{table}.{column}")
    return found


def test_the_search_finds_a_word_wherever_it_is(stage: Stage) -> None:
    """The control: the brand's own word, which is there, called forbidden; rows and headers that are wrong."""
    amber = stage.amber
    asked = {line.route: line for line in lines() if line.conf == "brand"}
    caller = Caller(log=stage.caller.log)

    def complaints(route: str, method: str, who: str, word: str) -> str:
        caller.complaints = []
        line = asked[route]
        call = Call(
            method=method, address=line.address(amber.one), host=amber.host, brand=amber.brand, forbidden=(word,),
            who=who, session=amber.cookies.get(who), body=line.body(method, amber.one), why="control",
        )  # fmt: skip
        run(caller, set(), [(call, "missing")])
        return "\n".join(caller.complaints)

    assert "in the body" in complaints("", "GET", "member", amber.secret)
    assert "in the body" in complaints("admin/loyalty/pointsentry/export/", "GET", "owner", amber.secret)
    assert "in a header" in complaints("admin/loyalty/program/<path:object_id>/yaml/", "GET", "owner", amber.secret)
    taken = complaints("rewards/<slug:code>/", "POST", "member", amber.secret)
    assert "in a mail" in taken
    assert "changed rows of b_pubamber.rewards_redemption" in taken
    assert "in a cookie" in complaints("language/", "POST", "anonymous", "django_language")
    assert "in the log" in complaints("accounts/login/", "POST", "anonymous", "axes")
    assert "instead of missing" in complaints("terms/", "GET", "anonymous", amber.secret)


def test_wrong_headers_and_stray_cache_keys_are_found(stage: Stage) -> None:
    bare = {"status_code": 200, "headers": {}, "cookies": SimpleCookie("a=b; Domain=.localhost")}
    assert len(header_faults("/", SimpleNamespace(**bare))) > len(HEADERS)
    loose = {**HEADERS, "Content-Security-Policy": "default-src 'none'; script-src 'unsafe-eval'"}
    faults = header_faults("/", SimpleNamespace(**{**bare, "headers": loose}))
    assert any("'unsafe-eval'" in fault for fault in faults)
    caches["default"]._cache["nobody:1:stray"] = b""  # type: ignore[attr-defined]  # Django's own, without types
    assert any("names no schema" in fault for fault in cached(stage))
    caches["default"].clear()


def chapter_of(line: Line) -> str:
    parts = line.route.split("/")
    if line.conf != "brand":
        return line.conf
    if parts[0] == "admin":
        return " ".join(parts[:3]) if len(parts) > 3 and parts[1].isalpha() else "admin"
    return parts[0] if parts[0] in ("accounts", "api") else "pages"


CHAPTERS = sorted({chapter_of(line) for line in lines()})


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_nobody_sees_or_changes_anything_of_another_brand(stage: Stage, chapter: str) -> None:
    caller = stage.caller
    caller.complaints = []
    for line in lines():
        if chapter_of(line) != chapter:
            continue
        for method in line.methods:
            for schemas, calls in segments(stage, line, method):
                run(caller, schemas, calls)
            if method == "GET" and line.conf == "brand":
                tells_its_own(stage, line)
        for schemas, calls in unlisted(stage, line):
            run(caller, schemas, calls)
    caller.complaints += cached(stage)
    if caller.complaints:
        pytest.fail(f"{len(caller.complaints)}:\n" + "\n".join(caller.complaints[:60]), pytrace=False)


def tells_its_own(stage: Stage, line: Line) -> None:
    """A page that names an object holds the word when its own people ask: else its silence elsewhere proves nothing."""
    right = RIGHT[line.kind]
    if line.kind == "public" or not line.names_objects("GET") or expected(line, right, "GET") != "in":
        return
    _schemas, calls = next(segments(stage, line, "GET"))
    call = next(call for call, _want in calls if call.who == right)
    stage.caller.send(call)
    body = stage.caller.told["the body"].lower()
    refused = line.route in REFUSED and "/api/docs/problems/#" in body
    if body and stage.amber.secret not in body and not refused:
        stage.caller.complaints.append(f"{call}: holds nothing of its own brand; fill more in pair.py")


def run(caller: Caller, schemas: set[str], calls: Sequence[tuple[Call, str | None]]) -> None:
    """Send them; then see that no row changed elsewhere (I10)."""
    before = writes_by_table()
    for call, want in calls:
        caller.send(call, want)
    changed = {key for key, count in writes_by_table().items() if count != before.get(key, 0) and key[0] not in schemas}
    for schema, table in sorted(changed):
        caller.complaints.append(f"{calls[0][0]} and its like changed rows of {schema}.{table}")


def cached(stage: Stage) -> list[str]:
    """Entries of this process' cache whose key names no schema, or that hold a word of another one."""
    words = {
        side.brand.schema_name: (other.secret, other.place)
        for side, other in ((stage.amber, stage.basalt), (stage.basalt, stage.amber))
    }
    found = []
    with platform_context():
        known = {*Brand.objects.values_list("schema_name", flat=True), "public"}
    for key, value in caches["default"]._cache.items():  # type: ignore[attr-defined]  # Django's own, without types
        schema = key.partition(":")[0]
        if schema not in known:
            found.append(f"cache key {key!r} names no schema")
        if any(word.encode() in bytes(value).lower() for word in words.get(schema, ())):
            found.append(f"the cache entry {key!r} holds another brand's word")
    return found


def test_what_was_written_to_files_stays_in_the_brands_own_folder(stage: Stage) -> None:
    """After everything above: each folder of mails and of imports holds its own words only, sealed or not."""
    read = set()
    for path in stage.folder.rglob("*"):
        if path.is_file():
            text = path.read_text("utf-8")
            read.add(text.startswith(SEALED))
            for side in (stage.amber, stage.basalt):
                assert (side.secret in told_to(side, text)) == (side.brand.schema_name in path.parts), path
    assert read == {True, False}  # neither kind is spared because there was none of it


def told_to(side: Side, text: str) -> str:
    """What a file tells the side: all of it when it lies in the clear; of sealed codes what its own key opens."""
    if not text.startswith(SEALED):
        return text.lower()
    assert not any(word in text.lower() for word in ("zqamber", "zqbasalt")), "a word lies in the clear"
    with brand_context(side.brand), suppress(ValueError):
        return "\n".join(unseal(line, purpose=PURPOSE) for line in text.splitlines()).lower()
    return ""


def test_the_points_of_both_brands_still_add_up(stage: Stage) -> None:
    for side in (stage.amber, stage.basalt):
        with brand_context(side.brand):
            assert ledger_invariants() == []
