"""django-tenants' engine, with fewer messages: what must stand before a statement goes along with it in one.

django-tenants sends `SET search_path` by itself when a cursor is opened. Here it stands before the text of the first
statement that is executed under another schema than the last one, whatever cursor executes it; so a cursor that was
opened for one brand can't be used for another by mistake. A question that a request must have answered in any case
(whether its key still holds) may ride along in the same way: see ride().
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql.base import Cursor
from django_tenants.postgresql_backend import base
from django_tenants.utils import quote_schema_name

from core.postgres.pool import LastUsedFirst

# What may stand behind other statements in one message: nothing that PostgreSQL wants to run outside a transaction.
TOGETHER = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")
# Reads nothing by name, so it needs no search path.
NAMELESS = ("SAVEPOINT", "RELEASE", "ROLLBACK")
Row = tuple[Any, ...]


class Rider:
    """A SELECT of at most one row without parameters, and who is told that row (None: there is none)."""

    __slots__ = ("take", "text")

    def __init__(self, text: str, take: Callable[[Row | None], None]) -> None:
        self.text, self.take = text, take


class DatabaseCursor(Cursor, psycopg.ClientCursor[Any]):
    """stand: whose connection this is; None for one that nobody made through Django."""

    stand: DatabaseWrapper | None = None

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        stand = self.stand
        if stand is None or (stand.search_path_set_schemas and stand.rider is None):
            return super().execute(query, params, **options)
        word = _first_word(query)
        if word in NAMELESS:
            return super().execute(query, params, **options)
        if word not in TOGETHER:
            self.settle()
            return super().execute(query, params, **options)
        if stand.rider is not None and word != "SELECT":
            # Nothing is written before the answer is known.
            self._ride(stand)
        return self._together(stand, query, params, options)

    def executemany(self, query: Any, params_seq: Any, **options: Any) -> Any:
        self.settle()
        return super().executemany(query, params_seq, **options)

    def copy(self, statement: Any, params: Any = None, **options: Any) -> Any:
        self.settle()
        return super().copy(statement, params, **options)

    def stream(self, query: Any, params: Any = None, **options: Any) -> Any:
        self.settle()
        return super().stream(query, params, **options)

    def settle(self) -> None:
        """Send now, by itself, whatever waits for a statement to go along with."""
        stand = self.stand
        if stand is None:
            return
        if not stand.search_path_set_schemas:
            paths, text = stand.wanted_path()
            try:
                super().execute(text)
            except psycopg.InternalError:
                # The transaction has failed already: the next statement says so, or ends it.
                stand.search_path_set_schemas = None
            else:
                stand.search_path_set_schemas = paths
        if stand.rider is not None:
            self._ride(stand)

    def _ride(self, stand: DatabaseWrapper) -> None:
        rider = stand.rider_taken()
        self._together(stand, rider.text, None, {})
        rider.take(self.fetchone())

    def _together(self, stand: DatabaseWrapper, query: Any, params: Any, options: dict[str, Any]) -> Any:
        """One message: the search path if it isn't set, the rider if there is one, and the statement."""
        paths, ahead = (None, "") if stand.search_path_set_schemas else stand.wanted_path()
        rider = stand.rider_taken() if stand.rider is not None else None
        before = f"{ahead}; " if ahead else ""
        before += f"{rider.text}; " if rider is not None else ""
        if params is not None:
            before = before.replace("%", "%%")
        super().execute(before + query, params, **options)
        if ahead:
            stand.search_path_set_schemas = paths
            self.nextset()
        if rider is not None:
            row = self.fetchone()
            self.nextset()
            rider.take(row)
        return self


def _first_word(query: Any) -> str:
    return query.split(None, 1)[0].upper() if isinstance(query, str) and query.strip() else ""


class DatabaseWrapper(base.DatabaseWrapper):  # type: ignore[misc]  # django-tenants has no types
    """connection, with ride() and settle()."""

    rider: Rider | None = None

    def get_connection_params(self) -> dict[str, Any]:
        if self.alias in self._connection_pools:
            # Django asks for them in every request, and takes a connection out of the pool without looking at them.
            return {}
        return {**super().get_connection_params(), "cursor_factory": DatabaseCursor}

    @property
    def pool(self) -> LastUsedFirst | None:
        """Django's, of our own kind. Opened by whoever first takes a connection."""
        options = self.settings_dict["OPTIONS"].get("pool")
        if self.alias == NO_DB_ALIAS or not options:
            return None
        pools: dict[str, LastUsedFirst] = self._connection_pools
        if self.alias not in pools:
            made = LastUsedFirst(
                kwargs={**self.get_connection_params(), "autocommit": True},
                open=False,
                configure=self._configure_connection,
                check=LastUsedFirst.check_connection if self.settings_dict["CONN_HEALTH_CHECKS"] else None,
                **options,
            )
            # Of two threads that make one at once the first wins; the other's was never opened.
            pools.setdefault(self.alias, made)
        return pools[self.alias]

    def _set_autocommit(self, autocommit: bool) -> None:
        # One from the pool has it on already, and psycopg proves a lot before it sees that there is nothing to do.
        if self.connection.autocommit != autocommit:
            super()._set_autocommit(autocommit)

    def create_cursor(self, name: str | None = None) -> Any:
        cursor = super().create_cursor(name)
        if name is None:
            cursor.stand = self
        return cursor

    def close(self) -> None:
        self.rider = None
        super().close()

    def ride(self, text: str, take: Callable[[Row | None], None]) -> None:
        """Have this asked with the current thread's next statement, and `take` told before that one's rows are seen.

        It goes along with a SELECT only; before anything else it is asked by itself, and settle() asks it in any case.
        What `take` raises leaves through whoever executed the statement. text: trusted, it is sent as it is.
        """
        self.rider = Rider(text, take)

    def rider_taken(self) -> Rider:
        rider, self.rider = self.rider, None
        assert rider is not None
        return rider

    def settle(self) -> None:
        """Send by itself what still waits. For whoever goes to the connection past its cursors, or asks nothing."""
        if self.rider is not None or not self.search_path_set_schemas:
            with self.cursor() as cursor:
                cursor.cursor.settle()

    def wanted_path(self) -> tuple[list[str], str]:
        """The schemas that statements of now are to be read in, and the statement that says so."""
        paths = self._get_cursor_search_paths()
        return paths, "SET search_path = " + ",".join(quote_schema_name(each) for each in paths)

    def _handle_search_path(self, cursor: Any = None) -> None:
        if cursor is None:
            # A named cursor: its declaration can't be told from here, so the path is set by itself.
            self.settle()
