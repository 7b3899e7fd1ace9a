"""Many threads, many brands: nobody ever stands in the wrong one (reliability.md, trials 12 and 13 in small)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, connection, transaction

from core.database import identifier, owner_connection
from core.tenancy import current_schema
from members.models import User
from tenants.context import PARKED, brand_context, current_brand, each_brand, park, platform_context
from tenants.models import Brand
from tests.trials import scale

NewBrand = Callable[..., Brand]
THREADS = 16


@pytest.fixture
def pair(new_brand: NewBrand) -> Iterator[tuple[Brand, Brand]]:
    """Two real brands whose rows and content types have the same meaning and different ids."""
    first, second = new_brand(), new_brand()
    with owner_connection() as owner:
        schema = identifier(second.schema_name)
        owner.execute(f"UPDATE {schema}.django_content_type SET model = model || '_old'".encode())
        owner.execute(
            f"INSERT INTO {schema}.django_content_type (app_label, model)"
            f" SELECT app_label, replace(model, '_old', '') FROM {schema}.django_content_type ORDER BY id DESC".encode()
        )
    for brand in (first, second):
        with brand_context(brand):
            Group.objects.create(name=f"canary of {brand.slug}")
    yield first, second
    connection.close()


def in_threads(count: int, work: Callable[[int], list[str]]) -> list[str]:
    """Run work(number) in so many threads at once, each with a connection of its own; their complaints together."""
    barrier = threading.Barrier(count)

    def run(number: int) -> list[str]:
        barrier.wait()
        try:
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return [complaint for complaints in pool.map(run, range(count)) for complaint in complaints]


@pytest.mark.trial
def test_sixteen_threads_that_alternate_between_two_brands_never_cross(pair: tuple[Brand, Brand]) -> None:
    turns = -(-scale.size(2_000, 20_000) // THREADS)

    def work(number: int) -> list[str]:
        complaints = []
        for turn in range(turns):
            brand = pair[(number + turn) % 2]
            with brand_context(brand), transaction.atomic():
                canaries = list(Group.objects.filter(name__startswith="canary").values_list("name", flat=True))
                if canaries != [f"canary of {brand.slug}"]:
                    complaints.append(f"{brand.slug} saw {canaries}")
                try:
                    with transaction.atomic(), brand_context(pair[(number + turn + 1) % 2]):
                        Group.objects.count()
                        raise InterruptedError
                except InterruptedError:
                    pass
                if not Group.objects.filter(name=f"canary of {brand.slug}").exists():
                    complaints.append(f"{brand.slug} lost its way after a savepoint's rollback")
        return complaints

    assert in_threads(THREADS, work) == []


def test_content_types_are_each_brands_own_in_all_threads(pair: tuple[Brand, Brand]) -> None:
    right = {}
    for brand in pair:
        with brand_context(brand), connection.cursor() as cursor:
            cursor.execute("SELECT id FROM django_content_type WHERE app_label = 'members' AND model = 'user'")
            right[brand.slug] = cursor.fetchone()[0]
    assert len(set(right.values())) == 2

    def work(number: int) -> list[str]:
        complaints = []
        for turn in range(60):
            brand = pair[(number + turn) % 2]
            with brand_context(brand):
                found = ContentType.objects.get_for_model(User).pk
                if found != right[brand.slug]:
                    complaints.append(f"{brand.slug}: {found} instead of {right[brand.slug]}")
        return complaints

    assert in_threads(8, work) == []


def test_a_savepoints_rollback_does_not_leave_the_connection_at_the_other_brand(
    brand: Brand, other_brand: Brand
) -> None:
    """The reproduction of django-tenants #1262: the SET was rolled back, the memory of it was not."""
    Group.objects.create(name="of gem")
    savepoint = transaction.savepoint()
    with brand_context(other_brand):
        Group.objects.count()
        transaction.savepoint_rollback(savepoint)
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_schema()")
            assert cursor.fetchone()[0] == other_brand.schema_name
        assert not Group.objects.filter(name="of gem").exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        assert cursor.fetchone()[0] == brand.schema_name


def test_a_new_thread_has_no_brand_and_finds_no_brands_table(committed_brand: Brand) -> None:
    def work(number: int) -> list[str]:
        try:
            return [f"found {User.objects.count()} users in {current_schema()}"]
        except DatabaseError:
            return []

    assert in_threads(1, work) == []


def test_contexts_nest_and_return(brand: Brand, other_brand: Brand) -> None:
    with brand_context(other_brand):
        with platform_context():
            assert (current_schema(), current_brand()) == ("public", None)
        assert current_brand() == other_brand
    assert current_brand() == brand
    park()
    assert (current_schema(), current_brand()) == (PARKED, None)


def test_every_brand_means_live_ones_and_never_the_template(brand: Brand, other_brand: Brand) -> None:
    assert [each.slug for each in each_brand()] == ["gem", "oak", "operator"]
    assert current_brand() == brand


def test_after_an_eager_task_the_brand_is_known_again_though_only_its_schema_was_restored(brand: Brand) -> None:
    connection.set_schema(brand.schema_name)  # type: ignore[attr-defined]  # django-tenants'
    assert current_brand() == brand


def test_on_commit_work_runs_in_whatever_schema_is_current_so_it_must_remember_its_own(
    committed_brand: Brand, new_brand: NewBrand
) -> None:
    """Documents the trap that core.outbox and tenants.wake avoid."""
    other, seen = new_brand(), []
    with transaction.atomic(), brand_context(other):
        transaction.on_commit(lambda: seen.append(current_schema()))
    assert seen == [committed_brand.schema_name]


def test_the_check_of_this_suite_notices_points_that_do_not_add_up(brand: Brand) -> None:
    from django.db.models import F

    from loyalty.models import PointsAccount
    from tests.conftest import assert_points_add_up
    from tests.loyalty import shop

    shop.place(anna := shop.member(), shop.program())
    shop.send(shop.order(anna, 10))
    assert_points_add_up(brand)
    PointsAccount.objects.update(balance=F("balance") + 1)
    with pytest.raises(AssertionError, match="don't add up at gem"):
        assert_points_add_up(brand)
    PointsAccount.objects.update(balance=F("balance") - 1)


def test_the_check_of_this_suite_notices_a_row_written_at_another_brand(
    brand: Brand, other_brand: Brand, touchable: set[str]
) -> None:
    from tests.conftest import writes_by_table

    before = writes_by_table()
    with brand_context(other_brand):
        Group.objects.create(name="stray")
    after = writes_by_table()
    assert {key for key in after if after[key] != before.get(key)} == {(other_brand.schema_name, "auth_group")}
