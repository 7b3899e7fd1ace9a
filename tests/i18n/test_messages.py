"""Nobody who reads Dutch meets an English sentence: every string has its translation, and none is a guess."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import polib
import pytest

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "locale" / "nl" / "LC_MESSAGES" / "django.po"


@pytest.fixture(scope="module")
def messages() -> ModuleType:
    """bin/messages.py, which is a script and not a module of a package."""
    spec = importlib.util.spec_from_file_location("messages_script", ROOT / "bin" / "messages.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


def test_every_string_is_translated_into_dutch(messages: ModuleType) -> None:
    problems = list(messages.check("nl", messages.collect()))
    assert problems == [], f"{len(problems)} problems; run bin/messages.py update and translate what is new"


def test_no_translation_is_a_guess() -> None:
    assert [entry.msgid for entry in polib.pofile(str(CATALOGUE)) if "fuzzy" in entry.flags] == []


def test_dutch_says_je_and_never_u() -> None:
    formal = re.compile(r"\b(u|uw|uzelf)\b", re.I)
    entries = [entry for entry in polib.pofile(str(CATALOGUE)) if not entry.obsolete]
    assert [entry.msgstr for entry in entries if formal.search(entry.msgstr)] == []


def test_the_strings_of_the_pure_packages_are_found(messages: ModuleType) -> None:
    assert (None, "%(points)s for every %(money)s spent", None) in messages.collect()
