"""Sessions that know which brand they were opened at.

Each brand has its own session table, so a cookie of one brand finds nothing at another. The stamp holds even where the
tables were mixed up (a wrong restore, a copied schema): a session of another schema is no session.
"""

from __future__ import annotations

import logging
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore

from core.errors import ForeignSchema
from core.tenancy import current_schema

log = logging.getLogger("django.security.sessions")
STAMP = "_schema"


class SessionStore(DatabaseSessionStore):
    """The session engine: settings.SESSION_ENGINE = "tenants.sessions"."""

    def load(self) -> dict[str, Any]:
        loaded: dict[str, Any] = super().load()
        if loaded and loaded.get(STAMP) != current_schema():
            log.warning("a session of %s was presented to %s", loaded.get(STAMP), current_schema())
            self._session_key = None
            return {}
        return loaded

    def save(self, must_create: bool = False) -> None:
        if self.session_key is not None:
            content = self._get_session(no_load=must_create)  # type: ignore[attr-defined]  # Django's own, without types
            origin = content.setdefault(STAMP, current_schema())
            if origin != current_schema():
                raise ForeignSchema(f"a session of {origin} may not be saved in {current_schema()}")
        super().save(must_create)


class NoSession(SessionBase):
    """What a request has on the platform's host, where nobody logs in: always empty, and deaf to writes."""

    def load(self) -> dict[str, Any]:
        return {}

    def exists(self, session_key: str) -> bool:
        return False

    def __setitem__(self, key: str, value: Any) -> None:
        raise RuntimeError(f"there is no session on the platform's host to keep {key!r} in")

    def create(self) -> None:
        raise RuntimeError("there is no session on the platform's host")

    def save(self, must_create: bool = False) -> None:
        return None

    def delete(self, session_key: str | None = None) -> None:
        return None

    @classmethod
    def clear_expired(cls) -> None:
        return None
