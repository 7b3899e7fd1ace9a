"""Making the demo's brands, once: provisioned like any brand, then filled through the services."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from allauth.account.models import EmailAddress
from django.conf import settings

from core.actor import Actor, system
from core.outbox import outbox_drain, provide_wake
from loyalty.models import Program
from loyalty.publishing import program_publish
from members.models import Member, User
from members.staff import staff_invite
from partners.scopes import SCOPES
from partners.services import api_key_create
from rewards.catalogue import reward_save
from rewards.models import CodePool, Reward
from rewards.pools import pool_import
from rewards.stock import stock_set
from sandbox.demo.extras import extras_add
from sandbox.demo.history import History
from sandbox.demo.panelling import panels_add
from sandbox.demo.paying import plans_add, plans_moved
from sandbox.demo.supplying import supplier_add, supplier_moved
from sandbox.demo.together import sections_publish, together_add
from tenants.context import brand_context, platform_context
from tenants.models import Brand
from tenants.provision import brand_drop, brand_provision

PASSWORD = "welcome-to-the-demo"  # noqa: S105  (printed by `make demo` for everybody to see)
STAFF = {"owner": "Olivia Owner", "marketer": "Max Marketer", "support": "Sam Support", "analyst": "Ada Analyst"}
DEMO = system("demo")
Say = Callable[[str], None]


def plans() -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "brands.yaml").read_text("utf-8"))
    return loaded


def notes_path() -> Path:
    return Path(settings.VAR_DIR) / "demo-logins.json"


def brand_exists(slug: str) -> bool:
    with platform_context():
        return Brand.objects.filter(slug=slug).exists()


def demo_seed(*, say: Say) -> list[dict[str, Any]]:
    """Make what isn't there yet; the log-ins of all. A brand that was half made when the last run died starts anew."""
    # Nobody listens yet, and what is queued is drained below.
    provide_wake(lambda schema: None)
    path = notes_path()
    notes: dict[str, list[dict[str, Any]]] = json.loads(path.read_text()) if path.exists() else {}
    for plan in plans():
        if plan["slug"] in notes and brand_exists(plan["slug"]):
            supplier_moved(plan)
            plans_moved(plan)
            continue
        if brand_exists(plan["slug"]):
            brand_drop(slug=plan["slug"])
        notes[plan["slug"]] = _brand(plan, say)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(json.dumps(notes))
    if settings.OPERATOR_SLUG not in notes:
        notes[settings.OPERATOR_SLUG] = _operator()
        path.write_text(json.dumps(notes))
    return [row for rows in notes.values() for row in rows]


def _operator() -> list[dict[str, Any]]:
    """A log-in to the platform's console."""
    with platform_context():
        brand = Brand.objects.get(slug=settings.OPERATOR_SLUG)
    with brand_context(brand):
        user = _log_in("operator@stamgast.example", "Otto Operator", role="owner")
        User.objects.filter(pk=user.pk).update(is_superuser=True)
    return [
        {"brand": "Platform console", "slug": brand.slug, "role": "operator", "email": user.email, "password": PASSWORD}
    ]


def _brand(plan: dict[str, Any], say: Say) -> list[dict[str, Any]]:
    say(f"{plan['name']}: brand and program")
    look = {key: plan[key] for key in ("color_primary", "color_accent", "logo")}
    owner = f"owner@{plan['slug']}.example"
    brand = brand_provision(
        slug=plan["slug"],
        name=plan["name"],
        owner_email=owner,
        template=plan["template"],
        language=plan["language"],
        **look,
    )
    with brand_context(brand):
        program = sections_publish(brand, plan, Program.objects.get())
        _rewards(plan, program)
        History(brand, plan, program).live(lambda done, of: say(f"{plan['name']}: week {done} of {of}"))
        _pieces(plan, program)
        extras_add(plan, program)
        together_add(brand, plan, program)
        supplier_add(plan, program)
        plans_add(plan, program)
        panels_add(plan, program)
        rows = _people(plan)
        _key, secret = api_key_create(
            name="Demo shop", scopes=list(SCOPES), expires_at=None, rate_per_minute=None, actor=DEMO
        )
        while outbox_drain(limit=500):
            pass
    rows[0]["api_key"] = secret
    return rows


def _rewards(plan: dict[str, Any], program: Program) -> None:
    for position, each in enumerate(plan["rewards"]):
        given = {key: value for key, value in each.items() if key not in ("pool", "codes", "stock")}
        pool = None
        if "pool" in each:
            pool = CodePool.objects.create(name=each["pool"], low_at=5)
            codes = [f"{each['code'].upper().replace('_', '')}-{number:04d}" for number in range(1, each["codes"] + 1)]
            pool_import(pool=pool, codes=codes, actor=DEMO)
        currency = program.currencies.order_by("position").values_list("code", flat=True)[0]
        reward = Reward.objects.create(program=program, currency=currency, pool=pool, position=position, **given)
        if "stock" in each:
            stock_set(reward=reward, total=each["stock"], actor=DEMO)


def _pieces(plan: dict[str, Any], program: Program) -> None:
    """Rewards of other kinds, published: a draft that waits for nobody's reason would puzzle."""
    for position, piece in enumerate(plan.get("pieces", ()), start=len(plan["rewards"])):
        reward_save(program=program, plain={**piece, "position": position}, actor=DEMO)
    if plan.get("pieces"):
        revision = Program.objects.get(pk=program.pk).draft_revision
        program_publish(program=program, actor=DEMO, note="More to choose from", expected_revision=revision)


def _people(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """Staff with each role, and two members who can log in."""
    rows = []
    for role, name in STAFF.items():
        user = _log_in(f"{role}@{plan['slug']}.example", name, role=role)
        rows.append(_row(plan, role, user))
    for member in _richest(2):
        user = _log_in(member.email or "", member.name, language=member.language)
        Member.objects.filter(pk=member.pk).update(user=user)
        rows.append(_row(plan, "member", user))
    return rows


def _richest(count: int) -> list[Member]:
    """The members with the most points: the pages have something to show."""
    return list(Member.objects.filter(user=None).order_by("-enrollments__accounts__balance")[:count])


def _row(plan: dict[str, Any], role: str, user: User) -> dict[str, Any]:
    return {"brand": plan["name"], "slug": plan["slug"], "role": role, "email": user.email, "password": PASSWORD}


def _log_in(email: str, name: str, *, role: str | None = None, language: str = "en") -> User:
    """A user with a proven address and the demo's password."""
    if role is not None:
        user = staff_invite(email=email, name=name, role=role, actor=Actor("system", "system:demo", "system"))
    else:
        user = User.objects.create_user(email, name=name, language=language)
    user.name = name
    user.set_password(PASSWORD)
    user.save()
    EmailAddress.objects.update_or_create(user=user, email=email, defaults={"verified": True, "primary": True})
    return user
