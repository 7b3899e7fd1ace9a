"""The program templates that ship with the product: documents in programs/, offered at sign-up and importable.

Nothing here knows one by name: a file that is put there is offered.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.utils.translation import get_language

from core.errors import NotFound
from loyalty.definition.document import Document
from loyalty.definition.read import document_decode
from loyalty.definition.translation import text_in


def _folder() -> Path:
    return Path(settings.BASE_DIR) / "programs"


@lru_cache(maxsize=1)
def template_documents() -> dict[str, Document]:
    """Key (the file's name without its ending) → checked document; simplest first: by the number of rules."""
    found = {path.stem: document_decode(path.read_text("utf-8")) for path in sorted(_folder().glob("*.yaml"))}
    return dict(sorted(found.items(), key=lambda each: (len(each[1].rules), each[0])))


def template_document(key: str) -> Document:
    """NotFound when no template has this key."""
    try:
        return template_documents()[key]
    except KeyError as error:
        raise NotFound(f"There is no program template {key!r}.", field="template") from error


def template_choices() -> list[tuple[str, str, str]]:
    """(key, name, description) of each template in the visitor's language."""
    language = (get_language() or "en")[:2]
    return [
        (key, text_in(document.program.name, language), text_in(document.program.description, language))
        for key, document in template_documents().items()
    ]
