"""What changed between two documents, in plain words and with the values before and after."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Literal

import msgspec
from msgspec import Struct

from loyalty.definition.achievements import Challenge, StampCard, Step, Streak
from loyalty.definition.badges import Badge
from loyalty.definition.claims import ClaimField, ClaimType
from loyalty.definition.counters import Counter
from loyalty.definition.currencies import Currency
from loyalty.definition.document import Document
from loyalty.definition.eventtypes import EventType
from loyalty.definition.ladders import Ladder, Tier
from loyalty.definition.leaderboards import Leaderboard
from loyalty.definition.lists import document_lists
from loyalty.definition.read import plain_value
from loyalty.definition.rule import CapGroup, Rule
from loyalty.definition.sections import sections_known
from loyalty.definition.translation import N_, Say, Teller, number_text, text_in, unchanged
from loyalty.definition.words import currency_told, rule_told, stacking_words

Kind = Literal["added", "removed", "changed"]


class Change(Struct, frozen=True):
    """path: by code, e.g. `rules.happy_hour.priority`. before, after: plain values, None where there is none."""

    path: str
    kind: Kind
    before: Any
    after: Any
    sentence: str


_NOUNS: Mapping[type[Struct], str] = {
    Currency: N_("Currency %(name)s"),
    EventType: N_("Event type %(name)s"),
    Counter: N_("Counter %(name)s"),
    Ladder: N_("Ladder %(name)s"),
    Tier: N_("Tier %(name)s"),
    CapGroup: N_("Cap group %(name)s"),
    Rule: N_("Rule %(name)s"),
    Challenge: N_("Challenge %(name)s"),
    Step: N_("Step %(name)s"),
    StampCard: N_("Stamp card %(name)s"),
    Streak: N_("Streak %(name)s"),
    Badge: N_("Badge %(name)s"),
    Leaderboard: N_("Leaderboard %(name)s"),
    ClaimType: N_("Claim type %(name)s"),
    ClaimField: N_("Field %(name)s"),
}
_LISTS = {
    "currencies": N_("the currencies"),
    "event_types": N_("the event types"),
    "counters": N_("the counters"),
    "ladders": N_("the ladders"),
    "cap_groups": N_("the cap groups"),
    "rules": N_("the rules"),
    "tiers": N_("the tiers"),
    "challenges": N_("the challenges"),
    "steps": N_("the steps"),
    "stamp_cards": N_("the stamp cards"),
    "streaks": N_("the streaks"),
    "badges": N_("the badges"),
    "leaderboards": N_("the leaderboards"),
    "claim_types": N_("the claim types"),
    "fields": N_("the fields"),
}
_FIELDS = {
    "name": N_("name"),
    "description": N_("description"),
    "time_zone": N_("time zone"),
    "money_currency": N_("money"),
    "judged_by": N_("which time picks the version"),
    "upgrade_rate": N_("rate of the order that causes an upgrade"),
    "name_one": N_("name of one"),
    "name_many": N_("name of many"),
    "symbol": N_("symbol"),
    "scale": N_("digits after the decimal sign"),
    "kind": N_("kind"),
    "value_minor_per_point": N_("value of a point"),
    "pending_days": N_("days pending"),
    "expiry": N_("expiry"),
    "refund_policy": N_("what a return takes back"),
    "restore_policy": N_("what a cancelled redemption gives back"),
    "release": N_("event that points wait for"),
    "expiry_by_tier": N_("expiry by tier"),
    "spent_refund": N_("what a return gives back of spent points"),
    "transfer": N_("whether members may give points away"),
    "adjustment_limit": N_("from how many points staff need a second person"),
    "qualify": N_("how tiers are reached"),
    "window": N_("period that counts"),
    "valid": N_("how long a tier holds"),
    "downgrade": N_("what happens at its end"),
    "threshold": N_("points to reach it"),
    "color": N_("colour"),
    "benefits": N_("benefits"),
    "trigger": N_("trigger"),
    "measure": N_("what is counted"),
    "enabled": N_("switched on"),
    "priority": N_("priority"),
    "group": N_("stacking group"),
    "stop": N_("stops the rest of its group"),
    "schedule": N_("schedule"),
    "audience": N_("audience"),
    "when": N_("conditions"),
    "effects": N_("what it gives"),
    "limits": N_("limits"),
    "caps": N_("shared caps"),
    "icon": N_("picture"),
    "goal": N_("goal"),
    "steps": N_("steps"),
    "period": N_("period"),
    "repeat": N_("how often in a period"),
    "zone": N_("whose day counts"),
    "visible": N_("when members see it"),
    "stamps": N_("stamps on a card"),
    "keep_overflow": N_("stamps above go on the next card"),
    "per_day": N_("at most a day"),
    "valid_months": N_("months that a card is valid"),
    "unit": N_("unit"),
    "protection": N_("protected days"),
    "milestones": N_("milestones"),
    "score": N_("what counts"),
    "size": N_("places shown"),
    "event_type": N_("event"),
    "proofs": N_("proofs"),
    "unique_by": N_("same when these are the same"),
    "counts_from": N_("counts from"),
    "open_at_most": N_("waiting at most"),
    "at_most": N_("at most"),
    "reasons": N_("reasons to refuse"),
    "keep_files_days": N_("days that files are kept"),
    "choices": N_("choices"),
    "by": N_("filled in by"),
    "needed": N_("needed"),
    "least": N_("least"),
    "most": N_("most"),
    "by_position": N_("by position"),
    "by_code": N_("by code"),
    "again_after_hours": N_("hours until again at the same place"),
    "max_accuracy_m": N_("uncertainty of a position at most (m)"),
    "slack_m": N_("uncertainty that counts in the member’s favour (m)"),
    "max_speed_kmh": N_("speed at most (km/h)"),
    "too_fast": N_("who was too fast"),
}
_TEXTS = frozenset(("name", "description", "name_one", "name_many", "benefits"))


def difference_words(words: Mapping[str, str]) -> None:
    """How fields of another room's section are called in differences; told once, as the section is registered."""
    for name, text in words.items():
        _FIELDS.setdefault(name, text)


class FormNames(Struct, frozen=True):
    """How the forms call a field of a struct and a kind of struct; what has no words of its own here is called so."""

    field: Callable[[type[Struct], str], str]
    kind: Callable[[type[Struct]], str]


_forms: list[FormNames] = []


def form_names(names: FormNames) -> None:
    """Told once, by the room that has the forms."""
    _forms[:] = [names]


def document_difference(before: Document, after: Document, say: Say = unchanged, language: str = "en") -> list[Change]:
    """Every change from one to the other; empty exactly when the documents are equal."""
    return list(_Difference(before, after, say, language).changes())


class _Difference:
    def __init__(self, before: Document, after: Document, say: Say, language: str) -> None:
        self.before, self.after = before, after
        self.was, self.now = Teller(before, say, language), Teller(after, say, language)
        self.tell, self.language = self.now.tell, language

    def changes(self) -> Iterator[Change]:
        before, after = self.before, self.after
        if before.schema != after.schema:
            yield self._changed("schema", "", self.tell(N_("schema")), before.schema, after.schema)
        yield from self._fields("program", self.tell(N_("Program")), before.program, after.program)
        for name, shape in document_lists().items():
            yield from self._list(name, "", name, getattr(before, name), getattr(after, name), shape.key)
        yield from self._fields("check_ins", self.tell(N_("Check-ins")), before.check_ins, after.check_ins)
        yield from self._stacking()
        yield from self._sections()

    def _list(
        self, path: str, owner: str, name: str, before: tuple[Any, ...], after: tuple[Any, ...], key: str = "code"
    ) -> Iterator[Change]:
        """Lists of parts, matched by their code or what they have in its place."""
        old, new = {getattr(each, key): each for each in before}, {getattr(each, key): each for each in after}
        for code, part in old.items():
            if code not in new:
                yield self._gone_or_new(f"{path}.{code}", "removed", part)
        for code, part in new.items():
            here = f"{path}.{code}"
            if code not in old:
                yield self._gone_or_new(here, "added", part)
            elif old[code] != part:
                yield from self._fields(here, self._title(part), old[code], part)
        kept_before, kept_after = [each for each in old if each in new], [each for each in new if each in old]
        if kept_before != kept_after:
            sentence = self.tell(N_("%(list)s stand in another order."), list=self.tell(_LISTS.get(name, name)))
            sentence = f"{owner}: {sentence}" if owner else sentence[:1].upper() + sentence[1:]
            yield Change(path, "changed", kept_before, kept_after, sentence)

    def _gone_or_new(self, path: str, kind: Literal["added", "removed"], part: Any) -> Change:
        document, teller = (self.after, self.now) if kind == "added" else (self.before, self.was)
        message = N_("%(what)s is added") if kind == "added" else N_("%(what)s is removed")
        sentence = self.tell(message, what=self._title(part))
        if isinstance(part, Rule):
            sentence = f"{sentence}: {rule_told(part, teller, document)}"
        elif isinstance(part, Currency):
            sentence = f"{sentence}: {currency_told(part, teller)}"
        elif kind == "added" and isinstance(part, Challenge | StampCard | Streak | Badge | Leaderboard):
            sentence = f"{sentence} ({part.words(teller)})."
        else:
            sentence += "."
        plain = plain_value(part)
        return Change(path, kind, plain if kind == "removed" else None, plain if kind == "added" else None, sentence)

    def _title(self, part: Any) -> str:
        name = part.name_many if isinstance(part, Currency) else getattr(part, "name", "")
        known = self.now.text(name) or str(getattr(part, part.__struct_fields__[0]))
        noun = _NOUNS.get(type(part)) or getattr(type(part), "noun", None)
        return self.tell(noun, name=known) if noun is not None else f"{type(part).__name__} {known}"

    def _fields(self, path: str, title: str, before: Struct, after: Struct) -> Iterator[Change]:
        for name in before.__struct_fields__:
            old, new = getattr(before, name), getattr(after, name)
            if old == new:
                continue
            if name in ("tiers", "fields"):
                yield from self._list(f"{path}.{name}", title, name, old, new)
            else:
                text = name in _TEXTS
                was, now = self._value(before, name, self.was, text), self._value(after, name, self.now, text)
                yield self._changed(f"{path}.{name}", title, self._called(type(before), name), old, new, (was, now))

    def _called(self, cls: type[Struct], name: str) -> str:
        if name in _FIELDS or not _forms:
            return self.tell(_FIELDS.get(name, name))
        return _forms[0].field(cls, name)

    def _changed(
        self, path: str, title: str, field: str, old: Any, new: Any, shown: tuple[str, str] | None = None
    ) -> Change:
        text = path.rpartition(".")[2] in _TEXTS
        before, after = shown or (self._shown(old, self.was, text), self._shown(new, self.now, text))
        sentence = self.tell(
            N_("%(what)s changes from %(before)s to %(after)s."), what=field, before=before, after=after
        )
        sentence = f"{title}: {sentence}" if title else sentence
        return Change(path, "changed", plain_value(old), plain_value(new), sentence)

    def _value(self, owner: Struct, name: str, teller: Teller, text: bool) -> str:
        """What stands in the field of the struct, an amount as money."""
        value = getattr(owner, name)
        if name.endswith("_minor") and type(value) is int:
            return teller.money_in(value, getattr(owner, "money_currency", None) or teller.money)
        return self._shown(value, teller, text)

    def _shown(self, value: Any, teller: Teller, text: bool) -> str:
        """A value for reading: structs in their words, texts in quotes (all languages, so that each change is seen)."""
        if hasattr(value, "words"):
            return str(value.words(teller))
        if isinstance(value, tuple):
            shown = "; ".join(self._shown(each, teller, text) for each in value)
            return shown or teller.say(N_("none"))
        if value is None or value == "":
            return teller.say(N_("none"))
        if isinstance(value, bool):
            return teller.say(N_("yes")) if value else teller.say(N_("no"))
        if isinstance(value, dict):
            return ", ".join(f"{language}: “{text_in(each, language)}”" for language, each in sorted(value.items()))
        if isinstance(value, str):
            return f"“{value}”" if text else value
        if isinstance(value, Struct):
            return self._struct(value, teller, text)
        return number_text(value) if isinstance(value, int | Decimal) else str(value)

    def _struct(self, value: Struct, teller: Teller, text: bool) -> str:
        """What of it was given: a code from a pool (Pool: Spring)."""
        cls = type(value)
        given = [name for name in plain_value(value) if name in cls.__struct_fields__]
        told = [f"{self._called(cls, name)}: {self._value(value, name, teller, text)}" for name in given]
        if cls.__struct_config__.tag is None:
            return ", ".join(told)
        kind = _forms[0].kind(cls) if _forms else str(cls.__struct_config__.tag)
        return f"{kind} ({', '.join(told)})" if told else kind

    def _stacking(self) -> Iterator[Change]:
        old, new = self.before.stacking, self.after.stacking
        for group in sorted({*old, *new}):
            was, now = old.get(group), new.get(group)
            if was == now:
                continue
            sentence = self.tell(
                N_("Stacking group %(group)s: %(mode)s."), group=group, mode=stacking_words(now or "all", self.now)
            )
            kind: Kind = "changed" if was and now else "added" if now else "removed"
            yield Change(f"stacking.{group}", kind, was, now, sentence)

    def _sections(self) -> Iterator[Change]:
        old, new = self.before.sections, self.after.sections
        messages = {
            "added": N_("Section %(section)s is added."),
            "removed": N_("Section %(section)s is removed."),
            "changed": N_("Section %(section)s changes."),
        }
        for name in sorted({*old, *new}):
            if name in old and name in new and old[name] == new[name]:
                continue
            told = list(self._within(name, old.get(name, {}), new.get(name, {})))
            kind: Kind = "changed" if name in old and name in new else "added" if name in new else "removed"
            sentence = self.tell(messages[kind], section=name)
            yield from told or [Change(f"sections.{name}", kind, old.get(name), new.get(name), sentence)]

    def _within(self, name: str, old: Any, new: Any) -> Iterator[Change]:
        """What changed inside a section, piece by piece, where its type is known and says the pieces' nouns."""
        shape = sections_known().get(name)
        try:
            before, after = (msgspec.convert(each, shape) for each in (old, new)) if shape is not None else (None, None)
        except msgspec.ValidationError:
            return
        if before is None or after is None:
            return
        for field in before.__struct_fields__:
            was, now = getattr(before, field), getattr(after, field)
            if was == now:
                continue
            path = f"sections.{name}.{field}"
            if all(hasattr(each, "noun") and hasattr(each, "code") for each in (*_parts(was), *_parts(now))):
                yield from self._list(path, "", field, was, now)
            else:
                yield self._changed(path, "", self._called(type(before), field), was, now)


def _parts(value: Any) -> tuple[Any, ...]:
    """The pieces of a list; something without a noun for what isn't one."""
    return value if isinstance(value, tuple) else (value,)
