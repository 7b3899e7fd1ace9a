"""Filling a pool beside others: each code once in the whole brand, whoever comes first."""

from __future__ import annotations

import pytest
from django.db import IntegrityError

from rewards import pools
from rewards.models import CodePool, PoolCode
from rewards.pools import pool_import
from tenants.models import Brand
from tests.loyalty import shop


@pytest.fixture
def twins(brand: Brand) -> tuple[CodePool, CodePool]:
    return CodePool.objects.create(name="First"), CodePool.objects.create(name="Second")


def test_a_code_that_a_twin_wins_between_look_up_and_insert_is_a_duplicate(
    twins: tuple[CodePool, CodePool], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = twins
    real, looked = pools._known, []

    def slow(lookups: list[bytes]) -> set[bytes]:
        """What the first look-up says is out of date: the twin has committed B and C by the time of the insert."""
        looked.append(len(lookups))
        return set() if len(looked) == 1 else real(lookups)

    assert pool_import(pool=theirs, codes=["B", "C"], actor=shop.STAFF).added == 2
    monkeypatch.setattr(pools, "_known", slow)
    report = pool_import(pool=ours, codes=["A", "B", "", "C", "D", "A"], actor=shop.STAFF)
    assert looked == [4, 4]
    assert (report.added, report.duplicates, report.invalid) == (2, 3, 1)
    assert sorted((each.line, each.reason) for each in report.rejected) == [
        (2, "duplicate"),
        (3, "empty"),
        (4, "duplicate"),
        (6, "duplicate"),
    ]
    assert (ours.size, CodePool.objects.get(pk=ours.pk).size) == (2, 2)
    assert list(PoolCode.objects.filter(pool=ours).order_by("ordinal").values_list("ordinal", flat=True)) == [1, 2]


def test_an_import_that_is_beaten_again_and_again_is_an_error_and_adds_nothing(
    twins: tuple[CodePool, CodePool], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = twins
    pool_import(pool=theirs, codes=["B"], actor=shop.STAFF)
    monkeypatch.setattr(pools, "_known", lambda lookups: set())
    with pytest.raises(IntegrityError):
        pool_import(pool=ours, codes=["A", "B"], actor=shop.STAFF)
    assert CodePool.objects.get(pk=ours.pk).size == 0
    assert PoolCode.objects.filter(pool=ours).count() == 0
