"""Who invoices are for is sealed like other addresses: what lay there in the clear goes into the new column."""

from typing import Any

import msgspec
from django.db import migrations, models

from core.secrets import seal, unseal

PURPOSE = "invoice_for"


def into_the_seal(apps: Any, schema_editor: Any) -> None:
    rows = apps.get_model("billing", "BillingProfile").objects.exclude(address={}, vat_id="")
    for row in rows.iterator():
        told = {"address": row.address, "vat_id": row.vat_id}
        row.sealed = seal(msgspec.json.encode(told).decode(), purpose=PURPOSE)
        row.save(update_fields=["sealed"])


def out_of_the_seal(apps: Any, schema_editor: Any) -> None:
    for row in apps.get_model("billing", "BillingProfile").objects.filter(sealed__isnull=False).iterator():
        told = msgspec.json.decode(unseal(row.sealed, purpose=PURPOSE))
        row.address, row.vat_id = told["address"], told["vat_id"]
        row.save(update_fields=["address", "vat_id"])


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0004_clocks_in_a_pause"),
    ]

    operations = [
        migrations.AddField(
            model_name="billingprofile",
            name="sealed",
            field=models.TextField(blank=True, null=True),
        ),
        migrations.RunPython(into_the_seal, out_of_the_seal),
        migrations.RemoveField(model_name="billingprofile", name="address"),
        migrations.RemoveField(model_name="billingprofile", name="vat_id"),
    ]
