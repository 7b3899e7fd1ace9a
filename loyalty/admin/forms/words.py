"""How other rooms' sections are called in the forms: each room says its own words, once, from its admin module."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loyalty.admin.forms import kinds as _kinds
from loyalty.admin.forms import labels
from loyalty.definition.difference import FormNames, form_names


def words_register(
    *,
    fields: Mapping[tuple[str, str], Any] | None = None,
    help_texts: Mapping[tuple[str, str], Any] | None = None,
    kinds: Mapping[str, Any] | None = None,
    choices: Mapping[tuple[str, Any], Any] | None = None,
    adds: Mapping[str, Any] | None = None,
) -> None:
    """fields, help_texts: (struct, field) → words. kinds: name of a struct → what choosing it means. choices: (field,
    value) → words. adds: field of a list → what the button says that adds to it. What is there already stays."""
    _join(labels.OWN, fields)
    _join(labels.HELP, help_texts)
    _join(_kinds.KINDS, kinds)
    _join(_kinds.CHOICES, choices)
    _join(_kinds.ADDS, adds)


def _join(known: dict[Any, Any], more: Mapping[Any, Any] | None) -> None:
    for name, words in (more or {}).items():
        known.setdefault(name, words)


# What changed between two versions is told in the words of the forms.
form_names(FormNames(labels.label_of, _kinds.kind_label))
