"""What a browser sends to the admin, and what the page says to it."""

from __future__ import annotations

import re
from typing import Any

from loyalty.pieces import seen_of


def sent_by(editor: Any) -> dict[str, Any]:
    """What a browser sends when a piece's form is saved as it was opened."""
    forms = [editor.main, *([editor.when] if hasattr(editor, "when") else [])]
    fields: dict[str, Any] = {"seen": seen_of(editor.before), "before": (editor.before or {}).get("code", "")}
    for rows in editor.row_sets.values():
        fields[f"{rows.prefix}-rows"] = str(len(rows.forms))
        forms += rows.forms
    for form in forms:
        for bound in form:
            value = bound.value()
            if bound.name == "remove" or value is None or value is False or value == "" or bound.field.disabled:
                continue
            fields[bound.html_name] = "on" if value is True else value
    return fields


def refusals(page: Any) -> list[str]:
    """What the page says is wrong, for the message of a test that fails."""
    return [re.sub(r"\s+", " ", each).strip() for each in re.findall(r"<li>\s*([^<]+)\s*</li>", told(page))]


def told(page: Any) -> str:
    return page.content.decode()


# A rule that the form can't show whole: a deep tree, a third language, an option without a field.
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
    return {
        "seen": "",
        "code": "app_bonus",
        "name_en": "App bonus",
        "trigger": "order.paid",
        "enabled": "on",
        "priority": "1",
        "group": "base",
        "match": "all",
        "zone": "program",
        "weekdays": "fri",
        "effects-rows": "1",
        "effects-0-kind": "points_fixed",
        "effects-0-currency": "points",
        "effects-0-points": "5",
        "effects-0-rounding": "floor",
        "effects-0-scope": "order",
        "effects-0-discount": "after",
        "effects-0-tax": "include",
        "effects-0-shipping": "exclude",
        "effects-0-gift_cards": "exclude",
        "effects-0-paid_in_points": "exclude",
        "effects-0-per_minor": "1",
        "effects-0-factor": "2",
        "conditions-rows": "1",
        "conditions-0-subject": "attribute",
        "conditions-0-name": "order.channel",
        "conditions-0-operator": "in",
        "conditions-0-value": "app, web",
        "limits-rows": "1",
        "limits-0-at_most": "20",
        "limits-0-measure": "points",
        "limits-0-period": "month",
        "limits-0-on_excess": "truncate",
        **more,
    }
