"""Brands, members with a place in the program, keys. Members come by SQL, since their making isn't what is measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection

from bench.program import document
from bench.report import say
from core.actor import Actor, system
from core.ids import uuid7
from loyalty.ledger import ledger_invariants
from loyalty.models import Program
from loyalty.publishing import program_create
from partners.scopes import SCOPES
from partners.services import api_key_create
from tenants.context import brand_context, platform_context
from tenants.models import Brand
from tenants.provision import brand_provision

BENCH: Actor = system("bench")
MEMBERS = """
    INSERT INTO members_member (
        public_id, external_id, email, name, phone, language, status, is_test, acquisition_channel, utm_source,
        utm_medium, utm_campaign, referrer, joined_at, created_at, updated_at, time_zone, attributes)
    SELECT (%(ids)s::uuid[])[n], 'c-' || n, 'c-' || n || '@example.com', 'Member ' || n, '', 'en', 'active', false, '',
           '', '', '', '', now(), now(), now(), '', '{}'
    FROM generate_series(1, %(count)s) AS n
"""
PLACES = """
    INSERT INTO loyalty_enrollment (member_id, program_id, version, enrolled_at)
    SELECT m.id, %(program)s, 1, now() FROM members_member m ORDER BY m.id;
    INSERT INTO loyalty_pointsaccount (
        enrollment_id, currency, balance, pending, reserved, debt, issued, spent, expired, reversed)
    SELECT e.id, 'points', 0, 0, 0, 0, 0, 0, 0, 0 FROM loyalty_enrollment e ORDER BY e.id;
    INSERT INTO loyalty_tierstanding (enrollment_id, ladder, tier, since, cause)
    SELECT e.id, 'main', 'enthusiast', now(), 'enrolled' FROM loyalty_enrollment e ORDER BY e.id
"""


@dataclass(frozen=True)
class Shop:
    """One brand as a partner sees it. members: their ids; their external ids are c-1 … c-n in the same order."""

    slug: str
    schema: str
    host: str
    key: str
    members: list[str]


def shop_make(slug: str, *, members: int, rules: int) -> Shop:
    """A brand with a program of so many rules, members in it, and a key that may do everything."""
    brand = brand_provision(slug=slug, name=slug.title(), owner_email=f"owner@{slug}.example")
    with brand_context(brand):
        program = program_create(slug="club", document=document(rules), actor=BENCH)
        ids = [str(uuid7()) for _number in range(members)]
        _members_make(program, ids)
        _row, key = api_key_create(
            name="bench", scopes=list(SCOPES), expires_at=None, rate_per_minute=1_000_000, actor=BENCH
        )
    return Shop(slug, brand.schema_name, f"{slug}.localhost", key, ids)


def _members_make(program: Program, ids: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(MEMBERS, {"ids": ids, "count": len(ids)})
        for statement in PLACES.split(";"):
            cursor.execute(statement, {"program": program.pk})
        for table in ("members_member", "loyalty_enrollment", "loyalty_pointsaccount", "loyalty_tierstanding"):
            cursor.execute(f"ANALYZE {table}")


def shops_make(count: int, *, members: int, rules: int, prefix: str = "shop") -> list[Shop]:
    shops = []
    for number in range(1, count + 1):
        shops.append(shop_make(f"{prefix}{number}", members=members, rules=rules))
        if number % 50 == 0:
            say(f"  {number} brands made")
    return shops


def invariants_say(schemas: list[str] | None = None) -> bool:
    """Prove every brand's ledger and say so. True when nothing is broken."""
    with platform_context():
        brands = list(Brand.objects.live())
    broken: dict[str, list[Any]] = {}
    for brand in brands:
        if schemas is None or brand.schema_name in schemas:
            with brand_context(brand):
                found = ledger_invariants()
            if found:
                broken[brand.slug] = found
    for slug, rows in broken.items():
        say(f"  BROKEN {slug}: {len(rows)} rows, first {rows[0]}")
    if not broken:
        say(f"\nledger_invariants(): empty in all {len(brands)} brands")
    return not broken
