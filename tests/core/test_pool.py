"""The pool gives out what came back last, so that a quiet hour meets few brands on few connections."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection

from core.postgres.pool import LastUsedFirst


@pytest.fixture
def pool(db: None) -> Iterator[LastUsedFirst]:
    given = {**connection.get_connection_params(), "autocommit": True}
    with LastUsedFirst(kwargs=given, min_size=3, max_size=3) as made:
        made.wait(10)
        yield made


def test_the_connection_that_came_back_last_is_given_out_next(pool: LastUsedFirst) -> None:
    taken = [pool.getconn() for _each in range(3)]
    for each in taken:
        pool.putconn(each)
    for _time in range(4):
        again = pool.getconn()
        assert again is taken[2]
        pool.putconn(again)


def test_who_takes_several_gets_different_ones_and_all_of_them(pool: LastUsedFirst) -> None:
    taken = [pool.getconn() for _each in range(3)]
    for each in taken:
        pool.putconn(each)
    again = [pool.getconn() for _each in range(3)]
    assert again == taken[::-1]
    for each in again:
        pool.putconn(each)
