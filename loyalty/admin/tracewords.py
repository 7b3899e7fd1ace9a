"""An event's trace in plain words: for every rule that looked at it, what became of it and why."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from django.utils import translation
from django.utils.translation import gettext as _

from core.backoffice.display import points
from loyalty.definition.document import Document
from loyalty.definition.problems import DefinitionError
from loyalty.definition.read import document_shape
from loyalty.definition.rule import Rule
from loyalty.definition.translation import Teller
from loyalty.definition.words import rule_told
from loyalty.traces import trace_whole

_STEP = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)|\[(\d+)\]")


class TraceLine(msgspec.Struct, frozen=True):
    """tone: good (gave points), warn (gave less than wanted) or plain (gave nothing)."""

    rule: str
    name: str
    tone: str
    outcome: str
    why: str
    sentence: str


def trace_lines(trace: Mapping[str, Any], document: Mapping[str, Any] | None) -> list[TraceLine]:
    """trace: as Event.trace keeps it, or whole. document: the version's, None when there is none."""
    known = _document(document)
    teller = Teller(known, translation.gettext, (translation.get_language() or "en")[:2]) if known else None
    return [_line(each, known, teller) for each in trace_whole(trace)["rules"]]


def achieved_lines(result: Any, document: Mapping[str, Any] | None) -> list[str]:
    """What the event achieved, in words: "Challenge completed: Autumn menu". result: the event's reply."""
    achieved = result.get("achieved", []) if isinstance(result, dict) else []
    if not achieved:
        return []
    known = _document(document)
    teller = Teller(known, translation.gettext, (translation.get_language() or "en")[:2]) if known else None
    words = {
        "challenge": _("Challenge completed: %(name)s"),
        "step": _("Step done: %(name)s"),
        "stamp_card": _("Stamp card filled: %(name)s"),
        "streak": _("Streak %(name)s is now %(n)s long"),
        "milestone": _("Streak %(name)s reached %(n)s"),
        "badge": _("Badge given: %(name)s"),
    }
    return [
        words[each["kind"]] % {"name": _achievement(each, teller), "n": points(each["n"])}
        for each in achieved
        if each.get("kind") in words
    ]


def _achievement(told: Mapping[str, Any], teller: Teller | None) -> str:
    if teller is None:
        return str(told["code"])
    return teller.badge(told["code"]) if told["kind"] == "badge" else teller.achievement(told["code"])


def _document(plain: Mapping[str, Any] | None) -> Document | None:
    if plain is None:
        return None
    try:
        return document_shape(plain)
    except DefinitionError:  # of a schema that this release doesn't read any more: the codes must do
        return None


def _line(told: Mapping[str, Any], document: Document | None, teller: Teller | None) -> TraceLine:
    code, outcome, why = told["rule"], told["outcome"], told.get("why", "")
    rule = _rule(document, code)
    tone, words = _outcome(outcome, told.get("amounts", ()), teller)
    return TraceLine(
        rule=code,
        name=teller.text(rule.name) if teller and rule else code,
        tone=tone,
        outcome=words,
        why=_why(outcome, why, rule, document, teller),
        sentence=rule_told(rule, teller, document) if rule and teller and document else "",
    )


def _rule(document: Document | None, code: str) -> Rule | None:
    """Of the document's own, or one that a tier or another room brings."""
    try:
        return document.rule(code) if document is not None else None
    except KeyError:
        return None


def _outcome(outcome: str, amounts: Any, teller: Teller | None) -> tuple[str, str]:
    if outcome == "fired":
        given = [_amount(each["currency"], each["awarded"], teller) for each in amounts]
        return "good", _("gave %(points)s") % {"points": ", ".join(given)} if given else _("matched")
    if outcome == "capped":
        given = [
            _("%(given)s of %(wanted)s")
            % {"given": points(each["awarded"]), "wanted": _amount(each["currency"], each["desired"], teller)}
            for each in amounts
        ]
        return "warn", _("limited: gave %(points)s") % {"points": ", ".join(given)}
    words = {
        "not_matched": _("did not match"),
        "stopped": _("stood back for another rule"),
        "disabled": _("is switched off"),
        "out_of_schedule": _("was not running at that time"),
    }
    return "plain", words.get(outcome, outcome)


def _amount(currency: str, number: int, teller: Teller | None) -> str:
    """Minor units of the currency in its own name."""
    known = teller.currencies.get(currency) if teller else None
    if known is None or teller is None:
        return f"{points(number)} {currency}"
    name = teller.text(known.name_one if number == 10**known.scale else known.name_many)
    if known.scale:
        return f"{number / 10**known.scale:.{known.scale}f} {name}"
    return f"{points(number)} {name}"


def _why(outcome: str, why: str, rule: Any, document: Document | None, teller: Teller | None) -> str:
    if not why:
        return ""
    if outcome == "stopped":
        other = _rule(document, why)
        return _("“%(rule)s” came first or was better.") % {
            "rule": teller.text(other.name) if teller and other else why
        }
    if why == "member":
        return _("It is a guest's order; guests earn nothing.")
    if why.endswith(".amount"):
        return _("The event has no amount to reckon from.")
    piece = _at(document if why.startswith(("cap_groups", "currencies")) else rule, why)
    words = _words(piece, rule, teller)
    if outcome == "not_matched" and words:
        return _("This did not hold: %(condition)s.") % {"condition": words}
    if outcome == "capped" and words:
        return _("The limit: %(limit)s.") % {"limit": words}
    return why


def _words(piece: Any, rule: Any, teller: Teller | None) -> str:
    """A condition or a limit in its own words; "" when it can't be found any more."""
    if piece is None or teller is None or not hasattr(piece, "words"):
        return ""
    if hasattr(piece, "at_most"):
        given = next((getattr(each, "currency", "") for each in rule.effects), "") if rule else ""
        try:
            return str(piece.words(teller))
        except TypeError:  # limits of a rule speak of its currency
            return str(piece.words(teller, given))
    return str(piece.words(teller))


def _at(root: Any, path: str) -> Any:
    """The piece of a struct at `when.of[1]`; lists of coded parts are walked by code (`cap_groups.daily.limits[0]`)."""
    here = root
    for name, index in _STEP.findall(path):
        if index:
            here = here[int(index)] if isinstance(here, tuple) and int(index) < len(here) else None
        elif isinstance(here, tuple):
            here = next((each for each in here if getattr(each, "code", None) == name), None)
        else:
            here = getattr(here, name, None)
        if here is None:
            return None
    return here
