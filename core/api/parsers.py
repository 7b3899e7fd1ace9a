"""DRF's door for bodies: our strict JSON and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http.request import UnreadablePostError
from django.utils.translation import gettext as _
from rest_framework.parsers import BaseParser

from core import strict_json
from core.problems import BodyTooLarge
from core.strict_json import MalformedBody


class StrictJSONParser(BaseParser):
    """application/json by core.strict_json. Errors: MalformedBody and its kinds, BodyTooLarge."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        return strict_json.read(body_of(stream))


def body_of(source: Any) -> bytes:
    """The bytes of a request (its `.body`) or of a stream, within DATA_UPLOAD_MAX_MEMORY_SIZE."""
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0
    try:
        raw: bytes = source.body if hasattr(source, "body") else source.read(limit + 1)
    except RequestDataTooBig as error:
        raise BodyTooLarge(limit=limit) from error
    except UnreadablePostError as error:
        raise MalformedBody(_("The body broke off.")) from error
    if limit and len(raw) > limit:
        raise BodyTooLarge(limit=limit)
    return raw
