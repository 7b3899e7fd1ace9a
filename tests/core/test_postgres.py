"""The search path and a rider go along with the first statement, and nothing is read or written where it shouldn't."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.db import InternalError, ProgrammingError, connection, connections, transaction

from core.postgres.base import DatabaseWrapper
from tenants.context import brand_context
from tenants.models import Brand

HERE = "SELECT current_schema()"


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is sent to PostgreSQL, message by message (BEGIN and savepoints as Django names them included)."""
    sent: list[str] = []
    execute = psycopg.Cursor.execute

    def noted(self: Any, query: Any, *given: Any, **options: Any) -> Any:
        sent.append(str(query))
        return execute(self, query, *given, **options)

    monkeypatch.setattr(psycopg.Cursor, "execute", noted)
    return sent


def ask(text: str, params: Any = None) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(text, params)
        return cursor.fetchone()


def run(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(text)


def engine() -> DatabaseWrapper:
    found = connections["default"]
    assert isinstance(found, DatabaseWrapper)
    return found


def moved_to(brand: Brand) -> None:
    engine().set_tenant(brand)


def test_the_path_goes_along_with_the_first_statement_and_with_no_other(brand: Brand, messages: list[str]) -> None:
    moved_to(brand)
    messages.clear()
    assert ask(HERE) == (brand.schema_name,)
    assert ask("SELECT %s || current_schema()", ["in "]) == (f"in {brand.schema_name}",)
    assert messages == [
        f'SET search_path = "{brand.schema_name}","public"; {HERE}',
        "SELECT %s || current_schema()",
    ]


def test_a_cursor_reads_the_brand_of_now_not_the_one_it_was_opened_for(brand: Brand, other_brand: Brand) -> None:
    moved_to(brand)
    with connection.cursor() as cursor:
        cursor.execute(HERE)
        assert cursor.fetchone() == (brand.schema_name,)
        with brand_context(other_brand):
            cursor.execute(HERE)
            assert cursor.fetchone() == (other_brand.schema_name,)
        cursor.execute(HERE)
        assert cursor.fetchone() == (brand.schema_name,)


def test_a_statement_that_fails_leaves_the_next_one_in_the_right_schema(brand: Brand) -> None:
    moved_to(brand)
    with pytest.raises(ProgrammingError), transaction.atomic():
        ask("SELECT nothing_like_it")
    assert ask(HERE) == (brand.schema_name,)


def test_a_path_that_a_savepoint_took_back_is_set_again(brand: Brand, other_brand: Brand) -> None:
    moved_to(brand)
    ask(HERE)
    point = transaction.savepoint()
    moved_to(other_brand)
    assert ask(HERE) == (other_brand.schema_name,)
    transaction.savepoint_rollback(point)
    assert ask(HERE) == (other_brand.schema_name,)


def test_what_is_sent_many_times_copied_or_named_finds_its_schema(brand: Brand) -> None:
    run("CREATE TEMPORARY TABLE found (place text DEFAULT current_schema(), n int) ON COMMIT DROP")
    moved_to(brand)
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO found (n) VALUES (%s)", [(1,), (2,)])
    moved_to(brand)
    with connection.cursor() as cursor, cursor.cursor.copy("COPY found (n) FROM STDIN") as copy:
        copy.write("3\n")
    moved_to(brand)
    with connection.chunked_cursor() as cursor:
        cursor.execute("SELECT current_schema(), n FROM found ORDER BY n")
        assert cursor.fetchall() == [(brand.schema_name, n) for n in (1, 2, 3)]
    assert ask("SELECT array_agg(place ORDER BY n) FROM found") == ([brand.schema_name] * 3,)


def test_a_rider_is_told_before_the_rows_are_seen_in_one_message(brand: Brand, messages: list[str]) -> None:
    told: list[Any] = []
    moved_to(brand)
    messages.clear()
    engine().ride("SELECT 'a%b', 7", told.append)
    assert ask("SELECT %s::text", ["100%"]) == ("100%",)
    assert told == [("a%b", 7)]
    assert len(messages) == 1
    assert ask(HERE) == (brand.schema_name,)
    assert len(told) == 1


def test_who_is_refused_by_a_rider_sees_no_row_and_the_next_statement_is_as_ever(brand: Brand) -> None:
    def refuse(row: Any) -> None:
        assert row is None
        raise PermissionError

    engine().ride("SELECT 1 WHERE false", refuse)
    with connection.cursor() as cursor, pytest.raises(PermissionError):
        cursor.execute("SELECT 'secret'")
    assert ask(HERE) == (brand.schema_name,)


def test_nothing_is_written_before_a_rider_was_told(brand: Brand) -> None:
    def refuse(row: Any) -> None:
        raise PermissionError

    run("CREATE TEMPORARY TABLE written (n int) ON COMMIT DROP")
    insert = "INSERT INTO written VALUES (1)"
    for text in (insert, f"WITH w AS ({insert} RETURNING n) SELECT n FROM w"):
        engine().ride("SELECT 1", refuse)
        with pytest.raises(PermissionError):
            ask(text)
    assert ask("SELECT count(*) FROM written") == (0,)


def test_a_rider_whom_nothing_took_along_is_asked_by_settling_once(brand: Brand) -> None:
    told: list[Any] = []
    engine().ride("SELECT 1", told.append)
    engine().settle()
    engine().settle()
    assert told == [(1,)]


def test_a_transaction_that_failed_is_ended_and_says_so_until_then(brand: Brand, other_brand: Brand) -> None:
    moved_to(brand)
    point = transaction.savepoint()
    with pytest.raises(psycopg.Error), connection.cursor() as cursor:
        cursor.cursor.execute("SELECT nothing_like_it")
    moved_to(other_brand)
    for text in ("VALUES (1)", HERE):
        with pytest.raises(InternalError, match="aborted"):
            run(text)
    transaction.savepoint_rollback(point)
    assert ask(HERE) == (other_brand.schema_name,)
