"""What publishing does to members on the ladders that change: counts with names, and the choice for each ladder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from msgspec import Struct

from core.backoffice.forms import DressedForm, dress
from loyalty.definition.translation import text_in
from loyalty.tierpreview import MODES, LadderPreview, Mode

CHOICES = {
    "none": gettext_lazy("stay where they are until their tier ends"),
    "upgrades_only": gettext_lazy("rise where the new thresholds are reached"),
    "full": gettext_lazy("go where they belong, up or down"),
}
BEFORE_CODE = "ladder_"


class Moves(Struct, frozen=True):
    """So many members from one tier to another, by the names that members know."""

    from_tier: str
    to_tier: str
    members: int


class LadderCounts(Struct, frozen=True):
    """rows: tier, how many stand on it now, how many would by mode. moves: by mode. Both in the order of MODES."""

    title: str
    rows: list[tuple[str, int, list[int]]]
    moves: list[list[Moves]]


def counts_shown(previews: Sequence[LadderPreview]) -> list[LadderCounts]:
    return [_shown(each) for each in previews]


def _shown(preview: LadderPreview) -> LadderCounts:
    return LadderCounts(
        _title(preview),
        [(_tier(preview, tier), now, then) for tier, now, then in preview.rows],
        [
            [Moves(_tier(preview, each.from_tier), _tier(preview, each.to_tier), each.members) for each in moves]
            for moves in preview.columns
        ],
    )


def _language() -> str:
    return (get_language() or "en")[:2]


def _title(preview: LadderPreview) -> str:
    return text_in(preview.name, _language()) or preview.ladder


def _tier(preview: LadderPreview, code: str) -> str:
    return text_in(preview.tiers.get(code, code), _language())


class LaddersForm(DressedForm):
    """A form with one choice for each ladder that the publication changes."""

    def __init__(self, *args: Any, previews: Sequence[LadderPreview] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for each in previews:
            self.fields[BEFORE_CODE + each.ladder] = field = _choice(each)
            dress(field)

    def recalculation(self) -> dict[str, Mode]:
        """By ladder, of the valid form."""
        said = self.cleaned_data
        names = [name for name in self.fields if name.startswith(BEFORE_CODE)]
        return {name.removeprefix(BEFORE_CODE): cast("Mode", said[name] or "none") for name in names}


def _choice(preview: LadderPreview) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("Members on %(ladder)s") % {"ladder": _title(preview)},
        required=False,
        initial="none",
        choices=[
            (mode, _("%(what)s: %(how_many)s") % {"what": CHOICES[mode], "how_many": _how_many(preview, mode)})
            for mode in MODES
        ],
    )


def _how_many(preview: LadderPreview, mode: Mode) -> str:
    moving = sum(each.members for each in preview.moves[mode])
    if not moving:
        return _("nobody moves")
    return ngettext("%(n)d member moves", "%(n)d members move", moving) % {"n": moving}
