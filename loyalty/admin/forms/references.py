"""Which fields name another piece of the draft, or something that another room keeps, and what there is to choose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import available_timezones

from django.utils.translation import gettext as _

from core.backoffice.words import in_language
from loyalty.admin.forms.attributes import attribute_choices, claimable_types, event_types
from loyalty.admin.forms.shapes import Field
from loyalty.definition.claims import ClaimType

Choices = list[tuple[str, str]]
Whole = Mapping[str, Any]

# Field, alone or of one struct → the lists of the document whose codes it takes. Nothing else can be chosen.
LISTS: dict[str, tuple[str, ...]] = {
    "currency": ("currencies",),
    "to_currency": ("currencies",),
    "ladder": ("ladders",),
    "counter": ("counters",),
    "caps": ("cap_groups",),
    "cap_group": ("cap_groups",),
    "rules": ("rules",),
    "rule": ("rules",),
    "badge": ("badges",),
    "challenge": ("challenges",),
    "stamp_card": ("stamp_cards",),
    "card": ("stamp_cards",),
    "streak": ("streaks",),
    "claim_type": ("claim_types",),
    "leaderboard": ("leaderboards",),
}
# Fields that take what is known here or anything else.
OPEN = frozenset(("trigger", "event_type", "path", "attribute", "group", "segment", "plan", "reward", "money_currency"))
MONEY = ("EUR", "USD", "GBP", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "JPY", "CAD", "AUD")
_REGIONS = ("Europe/", "America/", "Asia/", "Africa/", "Australia/", "Atlantic/", "Pacific/", "Indian/")

# Lists and names with values that take what another room keeps, or anything else.
_ROOM_OF = {
    ("SegmentTest", "any_of"): "segment",
    ("PlanTest", "any_of"): "plan",
    ("BenefitTest", "any_of"): "benefit",
}
# What another room has for a program.
Room = Callable[[int], Choices]
_rooms: dict[str, Room] = {}
_lone: dict[tuple[str, str], str] = {}


def reference_register(field: str, choices: Room, *, owner: str = "") -> None:
    """What a field named so, alone or of one struct, can name of another room: rewards, segments, plans. Called when
    the form is shown."""
    _rooms[f"{owner}.{field}" if owner else field] = choices


def tiers_register(*owners: str) -> None:
    """The structs of other rooms whose field `tiers` names tiers of any ladder of the draft."""
    _OWN.update({(owner, "tiers"): _all_tiers for owner in owners})


def lone_register(owner: str, field: str, *, until: str) -> None:
    """A field that may be empty, but whose only choice is meant in a new row: until that other field is filled."""
    _lone[owner, field] = until


def lone_choice(field: Field, known: Choices, beside: Mapping[str, Any]) -> str:
    """The only choice, where it is meant; otherwise nothing."""
    until = _lone.get((field.owner.__name__, field.name))
    if until is None or len(known) != 1 or beside.get(until) not in (None, ""):
        return ""
    return known[0][0]


def codes(whole: Whole, *lists: str) -> Choices:
    """The pieces of those lists by code, under their names."""
    return [
        (str(each.get("code", "")), in_language(each.get("name_many") or each.get("name")) or str(each.get("code", "")))
        for name in lists
        for each in whole.get(name, [])
        if isinstance(each, Mapping)
    ]


def is_reference(field: Field | None) -> bool:
    """Whether the field takes only what is known."""
    if field is None or (field.owner.__name__, field.name) in _OPEN_OWN:
        return False
    return field.name in LISTS or (field.owner.__name__, field.name) in _OWN or field.name == "time_zone"


def is_open(field: Field | None) -> bool:
    """Whether the field offers what is known and takes other things too."""
    if field is None or is_reference(field):
        return False
    return field.name in OPEN or _room(field) is not None or (field.owner.__name__, field.name) in _OPEN_OWN


def _room(field: Field) -> Room | None:
    owner = field.owner.__name__
    own = _rooms.get(f"{owner}.{field.name}")
    return own if own is not None else _rooms.get(_ROOM_OF.get((owner, field.name), field.name))


def reference_choices(
    field: Field, whole: Whole, beside: Mapping[str, Any], trigger: str, program: int | None = None
) -> Choices:
    """What there is to choose for the field, with the values beside it."""
    key = (field.owner.__name__, field.name)
    own = _OWN.get(key) or _OPEN_OWN.get(key)
    if own is not None:
        return own(whole, beside)
    if field.name in LISTS:
        return codes(whole, *LISTS[field.name])
    room = _room(field)
    if room is not None:
        return room(program) if program is not None else []
    match field.name:
        case "event_type" if field.owner is ClaimType:
            return claimable_types(whole)
        case "trigger" | "event_type":
            return event_types(whole)
        case "path":
            return attribute_choices(trigger, whole, field.owner)
        case "attribute":
            return attribute_choices(trigger, whole, field.owner)
        case "group":
            return _groups(whole, beside)
        case "time_zone":
            return _zones()
        case "money_currency":
            return _money()
    return []


def _money() -> Choices:
    return [(each, each) for each in MONEY]


def _groups(whole: Whole, beside: Mapping[str, Any]) -> Choices:
    known = {"base", *whole.get("stacking", {}), *(str(rule.get("group", "base")) for rule in whole.get("rules", []))}
    return [(each, each if each != "base" else _("base (the usual one)")) for each in sorted(known)]


def _tiers(whole: Whole, beside: Mapping[str, Any]) -> Choices:
    ladders = [each for each in whole.get("ladders", []) if isinstance(each, Mapping)]
    wanted = beside.get("ladder") or (ladders[0].get("code") if ladders else "")
    return [pair for ladder in ladders if ladder.get("code") == wanted for pair in codes(ladder, "tiers")]


def _all_tiers(whole: Whole, beside: Mapping[str, Any]) -> Choices:
    """Of all ladders: with the ladder's name behind it where there are several."""
    ladders = [each for each in whole.get("ladders", []) if isinstance(each, Mapping)]
    several = len(ladders) > 1
    return [
        (code, f"{name} ({in_language(ladder.get('name')) or ladder.get('code', '')})" if several else name)
        for ladder in ladders
        for code, name in codes(ladder, "tiers")
    ]


def _own_tiers(whole: Whole, beside: Mapping[str, Any]) -> Choices:
    return codes(beside, "tiers") or [pair for ladder in whole.get("ladders", []) for pair in codes(ladder, "tiers")]


def _achievements(whole: Whole, beside: Mapping[str, Any]) -> Choices:
    """Whatever can be moved on by itself: steps of a challenge too."""
    steps = [pair for each in whole.get("challenges", []) if isinstance(each, Mapping) for pair in codes(each, "steps")]
    return [*codes(whole, "challenges"), *steps, *codes(whole, "stamp_cards", "streaks")]


# Of one struct alone.
_OWN: dict[tuple[str, str], Callable[[Whole, Mapping[str, Any]], Choices]] = {
    ("TierTest", "any_of"): _tiers,
    ("Multiply", "groups"): _groups,
    ("TierExpiry", "tiers"): _tiers,
    ("Advance", "achievement"): _achievements,
    ("AchievementScore", "achievement"): _achievements,
}
# The same with anything else beside it.
_OPEN_OWN: dict[tuple[str, str], Callable[[Whole, Mapping[str, Any]], Choices]] = {
    ("Ladder", "moved_tiers"): _own_tiers,
    ("OrderBody", "currency"): lambda _whole, _beside: _money(),
}


def draft_reference_register(owner: str, field: str, choices: Callable[[Whole], Choices]) -> None:
    """What a field of that struct names of another room's section: only what the draft has there."""
    _OWN[owner, field] = lambda whole, beside: choices(whole)


def _zones() -> Choices:
    return [("UTC", "UTC"), *((name, name) for name in sorted(available_timezones()) if name.startswith(_REGIONS))]
