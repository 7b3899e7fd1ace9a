"""An object knows the brand it was read in."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.db import connection

from core.bases import AppendOnlyRefused
from core.clock import now
from core.errors import ForeignSchema
from core.models import AuditEntry, JobRun
from members.models import User
from tenants.context import brand_context
from tenants.models import Brand


def job(name: str) -> JobRun:
    return JobRun.objects.create(job=name, local_date=now().date(), started_at=now())


def test_an_object_of_one_brand_is_not_saved_under_another(brand: Brand, other_brand: Brand) -> None:
    row = JobRun.objects.get(pk=job("nightly").pk)
    with brand_context(other_brand):
        with pytest.raises(ForeignSchema):
            row.save()
        with pytest.raises(ForeignSchema):
            row.delete()
        with pytest.raises(ForeignSchema):
            row.refresh_from_db()
        with pytest.raises(ForeignSchema):
            JobRun.objects.bulk_update([row], ["scope"])
        with pytest.raises(ForeignSchema):
            JobRun.objects.bulk_create([row])
        assert not JobRun.objects.exists()
    row.scope = "all"
    row.save()


def test_an_object_just_created_remembers_its_brand_too(brand: Brand, other_brand: Brand) -> None:
    row = job("nightly")
    with brand_context(other_brand), pytest.raises(ForeignSchema):
        row.save()


def test_a_third_party_model_is_guarded_as_well(brand: Brand, other_brand: Brand) -> None:
    group = Group.objects.create(name="clerks")
    with brand_context(other_brand):
        with pytest.raises(ForeignSchema):
            group.save()
        with pytest.raises(ForeignSchema):
            group.delete()


def test_objects_of_two_brands_are_not_related(brand: Brand, other_brand: Brand) -> None:
    group = Group.objects.create(name="clerks")
    with brand_context(other_brand):
        user = User.objects.create(email="someone@oak.example")
        with pytest.raises(ValueError, match="Cannot add"):
            user.groups.add(group)


def test_an_append_only_row_is_refused_by_python_and_by_the_database(brand: Brand) -> None:
    from django.db import ProgrammingError, transaction

    row = AuditEntry.objects.create(at=now(), actor="x", action="y", object_type="z", object_id="1")
    with pytest.raises(AppendOnlyRefused):
        row.save()
    with pytest.raises(AppendOnlyRefused):
        row.delete()
    with pytest.raises(AppendOnlyRefused):
        AuditEntry.objects.update(actor="me")
    for statement in (
        "UPDATE core_auditentry SET actor = 'me'",
        "DELETE FROM core_auditentry",
        "TRUNCATE core_auditentry",
    ):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
