"""What a browser sends to the admin, and what the page says to it."""

from __future__ import annotations

import re
from typing import Any

from loyalty.admin.forms.editor import StructForm
from loyalty.definition.lists import document_lists, piece_key
from loyalty.pieces import seen_of
from tests.backoffice import browsing


def form_sent(kind: str, plain: dict[str, Any] | None, whole: dict[str, Any]) -> dict[str, Any]:
    """What a browser sends when a piece's form is saved as it was opened."""
    shape = document_lists()[kind]
    form = StructForm(shape.item, plain=plain, whole=whole, key=shape.key)
    sent = {name: values[0] if len(values) == 1 else values for name, values in browsing.sent_by(form).lists()}
    return {"seen": seen_of(plain), "before": piece_key(kind, plain) if plain else "", **sent}


def refusals(page: Any) -> list[str]:
    """What the page says is wrong, for the message of a test that fails."""
    return [re.sub(r"\s+", " ", each).strip() for each in re.findall(r"<(?:li|p)>\s*([^<]+)\s*</(?:li|p)>", told(page))]


def told(page: Any) -> str:
    return page.content.decode()


# A rule with much in it: a deep tree, a third language, options that are folded away.
DEEP = {
    "code": "deep",
    "name": {"en": "Deep", "fr": "Profond"},
    "trigger": "order.paid",
    "priority": 3,
    "group": "extra",
    "when": {
        "kind": "none",
        "of": [
            {
                "kind": "all",
                "of": [
                    {"kind": "attribute", "path": "order.channel", "operator": "eq", "value": "app"},
                    {"kind": "time", "weekdays": ["mon"]},
                ],
            }
        ],
    },
    "effects": [
        {
            "kind": "points_per_money",
            "currency": "points",
            "points": "0.5",
            "per_minor": 250,
            "base": {"tax": "exclude"},
            "rounding": "half_up",
        }
    ],
    "limits": [{"per": "member", "period": "week", "at_most": 100, "reversal_frees": False}],
}


def new_rule(**more: str) -> dict[str, str]:
    """A new rule as it is sent; a double underscore stands for a dot: p__code is p.code."""
    fields = {
        "seen": "",
        "p.code": "app_bonus",
        "p.name.en": "App bonus",
        "p.trigger": "order.paid",
        "p.enabled": "on",
        "p.priority": "1",
        "p.group": "base",
        "p.when.~": "here kept",
        "p.when.kind": "all",
        "p.when.of.rows": "2",
        "p.when.of.0.kind": "attribute",
        "p.when.of.0.path": "order.channel",
        "p.when.of.0.operator": "in",
        "p.when.of.0.value": "app\r\nweb",
        "p.when.of.1.kind": "time",
        "p.when.of.1.weekdays": "fri",
        "p.effects.rows": "1",
        "p.effects.0.kind": "points_fixed",
        "p.effects.0.currency": "points",
        "p.effects.0.points": "5",
        "p.limits.rows": "1",
        "p.limits.0.per": "member",
        "p.limits.0.period": "month",
        "p.limits.0.at_most": "20",
    }
    return {**fields, **{name.replace("__", "."): value for name, value in more.items()}}
