"""A claim's file on its way out: to whoever the view let in, and so that nothing in it can run."""

from __future__ import annotations

from http import HTTPStatus

from django.http import Http404, HttpResponse

from claims.models import ClaimFile
from claims.pictures import PDF
from core.csp import NONE


def file_response(file: ClaimFile | None) -> HttpResponse:
    """A picture to be seen, a PDF to be saved. 404 for none, and once it was removed."""
    if file is None:
        raise Http404
    content = bytes(file.content)
    if not content:
        raise Http404
    response = HttpResponse(content, status=HTTPStatus.OK, content_type=file.media_type)
    where, ending = ("attachment", "pdf") if file.media_type == PDF else ("inline", "jpg")
    response["Content-Disposition"] = f'{where}; filename="{file.pk}.{ending}"'
    response["Cache-Control"] = "private, no-store"
    # Whoever opens it by itself opens it in a box: no script, no form, no origin.
    response._csp_update = {"sandbox": []}  # type: ignore[attr-defined]  # django-csp's
    response._csp_replace = {"script-src": [NONE], "style-src": [NONE], "form-action": [NONE]}  # type: ignore[attr-defined]  # django-csp's
    return response
