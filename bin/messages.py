"""The translations: `bin/messages.py update | compile | check`. Pure Python, so that no gettext has to be installed.

update   finds every marked string in modules and templates and brings locale/<language>/LC_MESSAGES/django.po up to it
compile  writes the .mo files that changed
check    fails, with the list, when a string has no translation, a translation lost a placeholder, or a string is stale
"""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = {"nl": "nplurals=2; plural=(n != 1);"}
SKIPPED = {"tests", "bench", "bin", "docker", "docs", "var", "staticfiles", "node_modules"}
# Position of (context, singular, plural) in each function's arguments; None where it has none.
FUNCTIONS: dict[str, tuple[int | None, int, int | None]] = {
    **dict.fromkeys(
        ("_", "_t", "N_", "phrase", "phrase_within", "gettext", "gettext_lazy", "gettext_noop"), (None, 0, None)
    ),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (None, 0, 1)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), (0, 1, None)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), (0, 1, 2)),
}
STRING = r"""(?:u?(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"))"""
CALL = re.compile(rf"\b(_|n?p?gettext)\(\s*({STRING}(?:\s*,\s*{STRING})*)")
PLACEHOLDER = re.compile(r"%\([a-zA-Z_]\w*\)[a-z]|%[sd]|\{\w*\}")
Key = tuple[str | None, str, str | None]  # context, singular, plural


def main() -> int:
    """Exit code 0, or 1 where the check finds something."""
    action = sys.argv[1] if len(sys.argv) > 1 else ""
    if action == "update":
        found = collect()
        for language in LANGUAGES:
            update(language, found)
        return compile_all()
    if action == "compile":
        return compile_all()
    if action == "check":
        problems = [problem for language in LANGUAGES for problem in check(language, collect())]
        for problem in problems:
            print(problem)
        print(f"{len(problems)} problems; `make messages` brings the files up to the code." if problems else "complete")
        return 1 if problems else 0
    print(__doc__)
    return 2


def po_path(language: str) -> Path:
    return ROOT / "locale" / language / "LC_MESSAGES" / "django.po"


def collect() -> dict[Key, set[str]]:
    """Every marked string, with the files that hold it."""
    found: dict[Key, set[str]] = defaultdict(set)
    for path in sorted(ROOT.rglob("*")):
        relative = path.relative_to(ROOT)
        if relative.parts[0] in SKIPPED or relative.parts[0].startswith(".") or "migrations" in relative.parts:
            continue
        if path.suffix == ".py":
            keys = from_module(path.read_text())
        elif path.suffix in (".html", ".txt") and "templates" in relative.parts:
            keys = from_template(path.read_text())
        else:
            continue
        for key in keys:
            found[key].add(str(relative))
    return found


def from_module(source: str) -> Iterator[Key]:
    """The literal arguments of gettext's functions and of their aliases."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        key = key_of(name, [arg.value if isinstance(arg, ast.Constant) else None for arg in node.args])
        if key:
            yield key


def from_template(source: str) -> Iterator[Key]:
    """Django's own reading of a template (translate, blocktranslate, _() in tags), as calls in a pseudo module."""
    from django.utils.translation.template import templatize

    for match in CALL.finditer(templatize(source)):
        literals = re.findall(STRING, match.group(2))
        key = key_of(match.group(1), [ast.literal_eval(literal) for literal in literals])
        if key:
            yield key


def key_of(name: str, arguments: list[object]) -> Key | None:
    """(context, singular, plural) of a call, None where it isn't a marked literal."""
    if name not in FUNCTIONS:
        return None
    picked = [arguments[i] if i is not None and i < len(arguments) else None for i in FUNCTIONS[name]]
    context, singular, plural = (value if isinstance(value, str) else None for value in picked)
    return (context, singular, plural) if singular else None


def read(language: str) -> polib.POFile:
    """The catalogue, a new one with its header where there is none."""
    path = po_path(language)
    if path.exists():
        return polib.pofile(str(path), wrapwidth=110)
    made = polib.POFile(wrapwidth=110)
    made.metadata = {
        "Language": language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": LANGUAGES[language],
    }
    return made


def update(language: str, found: dict[Key, set[str]]) -> None:
    """Add what is new, mark what is gone as obsolete, keep what is translated; sorted, so that merges are small."""
    catalogue = read(language)
    known = {(entry.msgctxt, entry.msgid): entry for entry in catalogue}
    entries: dict[tuple[str | None, str], polib.POEntry] = {}
    for (context, singular, plural), files in sorted(found.items(), key=lambda item: (item[0][1], item[0][0] or "")):
        entry = known.get((context, singular)) or polib.POEntry(msgid=singular, msgctxt=context)
        entries[context, singular] = entry
        entry.obsolete = False
        entry.occurrences = [(name, "") for name in sorted(files)]
        if plural:
            entry.msgid_plural = plural
            entry.msgstr_plural = entry.msgstr_plural or {0: entry.msgstr, 1: ""}
            entry.msgstr = ""
        if PLACEHOLDER.search(singular) and "%" in singular and "python-format" not in entry.flags:
            entry.flags.append("python-format")
    gone = [entry for key, entry in known.items() if key not in entries and (entry.translated() or entry.obsolete)]
    for entry in gone:
        entry.obsolete = True
    catalogue[:] = [*entries.values(), *sorted(gone, key=lambda entry: str(entry.msgid))]
    po_path(language).parent.mkdir(parents=True, exist_ok=True)
    catalogue.save(str(po_path(language)))
    empty = sum(1 for entry in entries.values() if not entry.translated())
    print(f"{language}: {len(entries)} strings, {empty} without a translation, {len(gone)} obsolete")


def compile_all() -> int:
    """Write each .mo whose content changed; nothing to do where there is no catalogue yet."""
    for path in sorted((ROOT / "locale").glob("*/LC_MESSAGES/*.po")):
        binary = polib.pofile(str(path)).to_binary()
        target = path.with_suffix(".mo")
        if not target.exists() or target.read_bytes() != binary:
            target.write_bytes(binary)
            print(f"{target.relative_to(ROOT)}: {len(binary):,} bytes")
    return 0


def check(language: str, found: dict[Key, set[str]]) -> Iterator[str]:
    """Each problem as one line: file, what is wrong, the string."""
    known = {(entry.msgctxt, entry.msgid): entry for entry in read(language) if not entry.obsolete}
    for (context, singular, plural), files in sorted(found.items(), key=lambda item: item[0][1]):
        entry = known.pop((context, singular), None)
        where = f"{language}: {min(files)}:"
        if entry is None or not entry.translated() or "fuzzy" in entry.flags:
            yield f"{where} no translation of {singular!r}"
            continue
        if plural and not entry.msgid_plural:
            yield f"{where} no plural for {singular!r}"
        wanted = set(PLACEHOLDER.findall(singular)) | set(PLACEHOLDER.findall(plural or ""))
        for translation in entry.msgstr_plural.values() if plural else [entry.msgstr]:
            if not set(PLACEHOLDER.findall(translation)) <= wanted:
                yield f"{where} a placeholder that isn't in the original of {singular!r}"
            elif not plural and set(PLACEHOLDER.findall(translation)) != wanted:
                yield f"{where} a placeholder is missing in the translation of {singular!r}"
    for _context, singular in known:
        yield f"{language}: not used any more: {singular!r}"


if __name__ == "__main__":
    sys.exit(main())
