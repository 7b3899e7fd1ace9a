"""What this room puts on other pages: the menu's entry, the banner while a payment is open, parts of the home page and
of the page that visitors see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.utils.translation import gettext as _

from billing.models import Subscription
from billing.plans import billing_section, plans_offered
from billing.portal.extras import extras_part
from billing.portal.mine import sentence_of
from billing.portal.parts import membership_part
from billing.portal.passes import left_part
from billing.portal.plans import ShownPlan, shown
from billing.portal.usage import usage_part
from billing.portal.words import local, state_badge
from billing.selectors import held_by
from loyalty.home import Banner, Context, Link, member_banner, member_link, member_part, visitor_part
from loyalty.models import Enrollment
from loyalty.selectors import program_of
from loyalty.showcase import Naming

Billing = Subscription.Billing
TEASERS = 3
WITHIN = (
    "membership:plans", "membership:plan", "membership:invoices", "membership:details", "membership:change",
    "membership:change_to", "membership:usage", "membership:extras", "membership:extra", "membership:pause",
    "membership:resume", "membership:leave", "membership:pay",
)  # fmt: skip


def pages_register() -> None:
    """Called once in ready()."""
    member_link(menu_links)
    member_banner(late_banner)
    member_part("billing/home_part.html", home_part)
    visitor_part("billing/visitor_part.html", visitor_read)
    membership_part("billing/left_part.html", left_part)
    membership_part("billing/extras_part.html", extras_part)
    membership_part("billing/usage_part.html", usage_part)


def menu_links(enrollment: Enrollment) -> Iterator[Link]:
    """Where the program has plans, or the member has one of before."""
    sold = billing_section(program_of(enrollment).document).plans
    if sold or Subscription.objects.filter(member_id=enrollment.member_id, duplicate=False).exists():
        yield Link("/membership/", _("Membership"), "card", "membership:mine", WITHIN)


def late_banner(enrollment: Enrollment) -> Iterator[Banner]:
    """A payment is open: on every page, until it is paid."""
    rows = Subscription.objects.filter(
        member_id=enrollment.member_id, duplicate=False, ended_at__isnull=True,
        billing__in=(Billing.PAST_DUE, Billing.UNPAID),
    )  # fmt: skip
    for row in rows.select_related("plan"):
        words = {"plan": row.plan}
        yield Banner(
            _("A payment for %(plan)s didn’t go through.") % words,
            "/membership/",
            _("See what to do"),
            "membership:mine",
        )


def home_part(enrollment: Enrollment) -> Context:
    """How it stands, for who has a membership; where there are plans, for who has none."""
    held = held_by(enrollment.member)
    if held:
        return {"held": [(local(each.definition.name), state_badge(each.state), sentence_of(each)) for each in held]}
    return {"plans": bool(billing_section(program_of(enrollment).document).plans)}


def visitor_read(program_id: int, currencies: Mapping[str, Naming]) -> Context:
    rows = plans_offered().filter(program_id=program_id).select_related("program").prefetch_related("prices")
    plans: list[ShownPlan] = [shown(row, None) for row in rows[:TEASERS]]
    return {"plans": plans}
