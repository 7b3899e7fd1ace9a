"""A piece of the draft as the forms that edit it together, and back: one editor per kind of piece.

An editor is made from the piece as it is (None for a new one) and, when something was sent, from what was sent. What
the forms don't show stays as it is in the piece.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any, ClassVar

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.backoffice.words import in_language
from loyalty.admin.conditions import Shown, put_together, taken_apart
from loyalty.admin.piece_forms import CurrencyForm, LadderForm, TierForm
from loyalty.admin.rule_forms import ConditionForm, EffectForm, LimitForm, RuleForm, WhenForm
from loyalty.admin.slots import SlotForm
from loyalty.definition.basics import money_digits
from loyalty.definition.words import TRIGGER_WORDS

Plain = dict[str, Any]
MOST_ROWS = 60


class Rows:
    """Rows of one kind of form over a list of dicts. Rows can be added and removed; order is kept."""

    def __init__(
        self, *, prefix: str, form: type[SlotForm], bodies: Sequence[Plain], sent: QueryDict | None, path: str,
        title: Any, add: Any, blank: int = 0, **options: Any,
    ) -> None:  # fmt: skip
        self.prefix, self.path, self.title, self.add = prefix, path, title, add
        count = answered = len(bodies) + blank
        if sent is not None:
            number_sent = sent.get(f"{prefix}-rows", "")
            answered = min(int(number_sent), MOST_ROWS) if number_sent.isdecimal() else len(bodies)
            count = answered + (sent.get("_more") == prefix)
        self.forms: list[SlotForm] = []
        for number in range(count):
            known = number < len(bodies)
            self.forms.append(
                form(
                    sent if number < answered else None,
                    body=bodies[number] if known else None,
                    prefix=f"{prefix}-{number}",
                    empty_permitted=not known,
                    use_required_attribute=False,
                    **options,
                )
            )
        for each in self.forms:
            each.fields["remove"] = forms.BooleanField(required=False, label=gettext_lazy("Remove"))

    def _kept(self) -> list[SlotForm]:
        """Rows that were sent, aren't removed and aren't blank."""
        sent = [each for each in self.forms if each.is_bound and not self._removed(each)]
        return [each for each in sent if each.body or each.has_changed()]

    @staticmethod
    def _removed(form: SlotForm) -> bool:
        return bool(form.data.get(f"{form.prefix}-remove"))

    def is_valid(self) -> bool:
        valid = [each.is_valid() for each in self._kept()]  # all of them, so that every mistake is told
        return all(valid)

    def applied(self) -> list[Plain]:
        return [each.applied() for each in self._kept()]

    def changed(self) -> bool:
        return any(each.has_changed() or self._removed(each) for each in self.forms)

    def form_at(self, index: int) -> SlotForm | None:
        kept = self._kept()
        return kept[index] if index < len(kept) else None


class Editor:
    """One kind of piece. main: the form at the top; row_sets: rows below it."""

    kind: ClassVar[str]
    template: ClassVar[str]
    main: Any

    def __init__(self, *, plain: Plain | None, whole: Plain, sent: QueryDict | None = None) -> None:
        self.before = plain
        self.whole = whole
        self.sent = sent
        self.body: Plain = deepcopy(plain) if plain is not None else {}
        self.row_sets: dict[str, Rows] = {}
        self.build()

    def build(self) -> None:
        raise NotImplementedError

    def is_valid(self) -> bool:
        return all([self.main.is_valid(), *(rows.is_valid() for rows in self.row_sets.values())])

    def plain(self) -> Plain:
        """The piece as it is after what was sent. Needs is_valid()."""
        raise NotImplementedError

    def place_problems(self, problems: Sequence[Plain]) -> None:
        """Put each {path, problem, mend} beside the field that it is about; what has no field at the top."""
        for each in problems:
            self._place(str(each["path"]), f"{each['problem']} {each['mend']}")

    def _place(self, path: str, message: str) -> None:
        name, _bracket, rest = path.partition("[")
        rows = self.row_sets.get(name)
        number, _close, inner = rest.partition("]")
        if rows is not None and number.isdigit():
            form = rows.form_at(int(number))
            if form is not None:
                form.place_error(inner.lstrip("."), message)
                return
        if name.partition(".")[0] in self.row_sets:
            self.main.add_error(None, message)
        else:
            self.main.place_error(path, message)

    # --- choices -------------------------------------------------------------------------------------------------
    def currencies(self) -> list[tuple[str, str]]:
        return [(each["code"], in_language(each.get("name_many"))) for each in self.whole.get("currencies", [])]

    def tiers(self) -> list[tuple[str, str]]:
        ladders = self.whole.get("ladders", [])
        return [
            (f"{ladder['code']}:{tier['code']}", self._tier_name(ladder, tier, len(ladders) > 1))
            for ladder in ladders
            for tier in ladder.get("tiers", [])
        ]

    @staticmethod
    def _tier_name(ladder: Plain, tier: Plain, several: bool) -> str:
        name = in_language(tier.get("name"))
        return f"{in_language(ladder.get('name'))}: {name}" if several else name

    def money_digits(self) -> int:
        return money_digits(self.whole.get("program", {}).get("money_currency", "EUR"))


class CurrencyEditor(Editor):
    kind = "currencies"
    template = "admin/loyalty/piece.html"

    def build(self) -> None:
        self.main = CurrencyForm(self.sent, body=self.body, use_required_attribute=False)

    def plain(self) -> Plain:
        return dict(self.main.applied())


class LadderEditor(Editor):
    kind = "ladders"
    template = "admin/loyalty/piece.html"

    def build(self) -> None:
        self.main = LadderForm(self.sent, body=self.body, currencies=self.currencies(), use_required_attribute=False)
        self.row_sets["tiers"] = Rows(
            prefix="tiers",
            form=TierForm,
            bodies=self.body.get("tiers", []),
            sent=self.sent,
            path="tiers",
            title=gettext_lazy("Tiers, lowest first"),
            add=gettext_lazy("Add a tier"),
            blank=0 if self.before else 2,
        )

    def plain(self) -> Plain:
        tiers = sorted(self.row_sets["tiers"].applied(), key=lambda tier: tier["threshold"])
        return {**self.main.applied(), "tiers": tiers}

    def _place(self, path: str, message: str) -> None:
        """Problems count the tiers as they were sorted."""
        if path.startswith("tiers["):
            number, _close, inner = path[6:].partition("]")
            kept = sorted(self.row_sets["tiers"]._kept(), key=lambda form: form.cleaned_data.get("threshold", 0))
            if number.isdigit() and int(number) < len(kept):
                kept[int(number)].place_error(inner.lstrip("."), message)
                return
        super()._place(path, message)


class RuleEditor(Editor):
    kind = "rules"
    template = "admin/loyalty/rule.html"

    def build(self) -> None:
        self.shown = taken_apart(self.body.get("when"))
        self.main = RuleForm(
            self.sent,
            body=self.body,
            triggers=self._triggers(),
            caps=[
                (each["code"], in_language(each.get("name")) or each["code"])
                for each in self.whole.get("cap_groups", [])
            ],
            use_required_attribute=False,
        )
        self.when = WhenForm(self.sent, body=self._when_body(), tiers=self.tiers(), use_required_attribute=False)
        currencies = self.currencies()
        if not self.shown.opaque:
            self._rows("conditions", ConditionForm, self.shown.rows, _("Conditions"), _("Add a condition"))
        self._rows(
            "effects", EffectForm, self.body.get("effects", []), _("What it gives"), _("Give something else too"),
            blank=0 if self.before else 1, currencies=currencies, rules=self._rules(), digits=self.money_digits(),
        )  # fmt: skip
        self._rows(
            "limits", LimitForm, self.body.get("limits", []), _("Limits"), _("Add a limit"), currencies=currencies
        )

    def _rows(
        self,
        name: str,
        form: type[SlotForm],
        bodies: list[Plain],
        title: str,
        add: str,
        *,
        blank: int = 0,
        **options: Any,
    ) -> None:
        self.row_sets[name] = Rows(
            prefix=name,
            form=form,
            bodies=bodies,
            sent=self.sent,
            path=name,
            title=title,
            add=add,
            blank=blank,
            **options,
        )

    def _when_body(self) -> Plain:
        body: Plain = {"match": self.shown.match}
        if self.shown.tier is not None:
            body["tiers"] = [f"{self.shown.tier.get('ladder')}:{each}" for each in self.shown.tier.get("any_of", [])]
        if self.shown.time is not None:
            body["time"] = {key: value for key, value in self.shown.time.items() if key != "kind"}
        return body

    def _triggers(self) -> list[tuple[str, Any]]:
        known: dict[str, Any] = {key: f"{_(words)} ({key})" for key, words in TRIGGER_WORDS.items()}
        for rule in self.whole.get("rules", []):
            known.setdefault(rule.get("trigger", ""), rule.get("trigger", ""))
        return list(known.items())

    def _rules(self) -> list[tuple[str, str]]:
        own = self.body.get("code")
        return [(r["code"], in_language(r.get("name"))) for r in self.whole.get("rules", []) if r["code"] != own]

    def is_valid(self) -> bool:
        return all([super().is_valid(), self.when.is_valid()])

    def plain(self) -> Plain:
        made: Plain = {**self.main.applied()}
        self._put_when(made)
        made["effects"] = self.row_sets["effects"].applied()
        limits = self.row_sets["limits"].applied()
        if limits or "limits" in made:
            made["limits"] = limits
        if not made.get("limits", True):
            del made["limits"]
        return made

    def _put_when(self, made: Plain) -> None:
        """The conditions, rebuilt only when something about them was changed: another shape may mean the same."""
        if self.shown.opaque:
            return
        rows = self.row_sets["conditions"]
        if not rows.changed() and not self.when.has_changed():
            return
        shown = Shown(
            rows=rows.applied(),
            match=self.when.cleaned_data["match"],
            tier=self.when.tier_test(self.shown.tier),
            time=self.when.time_test(self.shown.time),
        )
        tree = put_together(shown)
        if tree is None:
            made.pop("when", None)
        else:
            made["when"] = tree

    def _place(self, path: str, message: str) -> None:
        if path == "when" or path.startswith(("when.", "when[")):
            self._place_condition(path, message)
        elif path == "effects":
            self.main.add_error(None, message)
        else:
            super()._place(path, message)

    def _place_condition(self, path: str, message: str) -> None:
        """Beside the row, the tiers or the time that the path leads to."""
        node: Any = {"when": put_together_of(self)}
        for step in path.replace("[", ".").replace("]", "").split("."):
            following = node.get(step) if isinstance(node, dict) else None
            if isinstance(node, list) and step.isdigit() and int(step) < len(node):
                following = node[int(step)]
            if following is None or not isinstance(following, dict | list):
                break
            node = following
        kind = node.get("kind") if isinstance(node, dict) else None
        if kind == "tier":
            self.when.add_error("tiers", message)
        elif kind == "time":
            self.when.add_error("to_hour" if path.endswith("to_hour") else None, message)
        elif kind in ("attribute", "member"):
            for form in self.row_sets["conditions"]._kept():
                if form.applied() == node:
                    form.place_error(path.rpartition(".")[2], message)
                    return
            self.main.add_error(None, message)
        else:
            self.main.add_error(None, message)


def put_together_of(editor: RuleEditor) -> Plain | None:
    """The conditions as they would be written now."""
    made: Plain = {"when": editor.body.get("when")}
    editor._put_when(made)
    return made.get("when")
