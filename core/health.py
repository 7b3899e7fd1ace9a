"""`/healthz` for load balancers: answered before any brand is looked up, so that no host name is needed."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse

PATH = "/healthz"


class HealthMiddleware:
    """Answers GET and HEAD of /healthz: 200 while the database answers, 503 while it doesn't."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path != PATH:
            return self.get_response(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
        alive = database_answers()
        state = {"status": "ok" if alive else "unavailable", "database": "ok" if alive else "unavailable"}
        return JsonResponse(state, status=200 if alive else 503, headers={"Cache-Control": "no-store"})


def database_answers() -> bool:
    """Whether a statement comes back. Asked of the bare connection: Django's cursor would set a brand's search path."""
    try:
        connection.ensure_connection()
        with connection.connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return bool(cursor.fetchone() == (1,))
    except (DatabaseError, psycopg.Error):
        connection.close()
        return False
