"""Statements that are sent and not waited for, so that this process goes on while PostgreSQL works.

Their parameters go beside their text: nothing is quoted here and parsed again there, which for megabytes is worth it.
"""

from __future__ import annotations

import select
from collections.abc import Sequence

from django.db import connection
from psycopg import errors
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult

COMMIT = "COMMIT"
GOOD = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)


class Flight:
    """Statements on the current connection, in its transaction if there is one, each with its parameters. One that
    fails takes those after it with it. land() must be called, once: until then the connection takes nothing else.

    The last may be COMMIT: atomic(), when it is left, then finds nothing more to commit.
    """

    def __init__(self, *statements: tuple[str, Sequence[bytes]]) -> None:
        # A cursor that is opened sees to the connection; these statements go past it, so what waits for one is sent.
        connection.settle()  # type: ignore[attr-defined]  # core.postgres
        with connection.cursor() as cursor, connection.wrap_database_errors:
            raw = connection.connection
            if not raw.autocommit and raw.info.transaction_status == TransactionStatus.IDLE:
                cursor.execute("SELECT 1")  # which begins the transaction
            self._raw: PGconn = raw.pgconn
            self._encoding: str = raw.info.encoding
            self._raw.enter_pipeline_mode()
            for text, params in statements:
                self._raw.send_query_params(text.encode(), params)
            self._raw.pipeline_sync()
            while self._raw.flush():
                self._wait(select.POLLIN | select.POLLOUT)

    def land(self) -> bytes:
        """Wait for all of them. The first one's one value; raises as a cursor would what went wrong with any."""
        with connection.wrap_database_errors:
            results = self._results()
            self._raw.exit_pipeline_mode()
            for result in results:
                if result.status not in GOOD:
                    raise errors.error_from_result(result, self._encoding)
            return results[0].get_value(0, 0) or b""

    def _results(self) -> list[PGresult]:
        found: list[PGresult] = []
        while True:
            while self._raw.is_busy():
                self._wait(select.POLLIN)
            result = self._raw.get_result()
            if result is None:
                continue
            if result.status == ExecStatus.PIPELINE_SYNC:
                return found
            found.append(result)

    def _wait(self, wanted: int) -> None:
        poll = select.poll()
        poll.register(self._raw.socket, wanted)
        if any(happened & ~select.POLLOUT for _socket, happened in poll.poll()):
            self._raw.consume_input()
