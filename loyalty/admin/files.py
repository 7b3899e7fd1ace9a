"""Documents as files."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from loyalty.definition.parsing import yaml_text
from loyalty.definition.problems import DefinitionError
from loyalty.definition.read import document_plain, document_shape


def download(text: str, filename: str) -> HttpResponse:
    """A YAML file for the browser to keep."""
    response = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


def document_file(plain: dict[str, Any]) -> str:
    """A document as YAML in the order of its types (JSONB keeps none), or as it stands when it isn't in shape."""
    try:
        return yaml_text(document_plain(document_shape(plain)))
    except DefinitionError:
        return yaml_text(plain)
