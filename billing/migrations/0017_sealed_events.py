"""What Stripe sent names people: it is sealed like other addresses. What lay there in the clear goes into the seal."""

import base64
import zlib
from typing import Any

import msgspec
from django.db import migrations, models

from core.secrets import seal, unseal

PURPOSE = "stripe_event"
# In the clear → sealed, by model.
COLUMNS = {
    "StripeEvent": {"body": "sealed_body"},
    "QuarantinedEvent": {"body": "sealed_body", "known": "sealed_known"},
}


def into_the_seal(apps: Any, schema_editor: Any) -> None:
    for model, columns in COLUMNS.items():
        for row in apps.get_model("billing", model).objects.iterator(chunk_size=500):
            for clear, sealed in columns.items():
                if getattr(row, clear) is not None:
                    small = zlib.compress(msgspec.json.encode(getattr(row, clear)), level=1)
                    setattr(row, sealed, seal(base64.b64encode(small).decode(), purpose=PURPOSE))
            row.save(update_fields=list(columns.values()))


def out_of_the_seal(apps: Any, schema_editor: Any) -> None:
    for model, columns in COLUMNS.items():
        for row in apps.get_model("billing", model).objects.iterator(chunk_size=500):
            for clear, sealed in columns.items():
                if getattr(row, sealed):
                    small = base64.b64decode(unseal(getattr(row, sealed), purpose=PURPOSE))
                    setattr(row, clear, msgspec.json.decode(zlib.decompress(small)))
            row.save(update_fields=list(columns))


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0016_promotion_codes"),
    ]

    operations = [
        migrations.AddField(
            model_name="stripeevent",
            name="sealed_body",
            field=models.TextField(default="", editable=False),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="quarantinedevent",
            name="sealed_body",
            field=models.TextField(default="", editable=False),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="quarantinedevent",
            name="sealed_known",
            field=models.TextField(blank=True, db_default="", default="", editable=False),
        ),
        # Backwards the clear columns are there again, empty, before they are filled.
        migrations.AlterField("stripeevent", "body", models.JSONField(null=True)),
        migrations.AlterField("quarantinedevent", "body", models.JSONField(null=True)),
        migrations.RunPython(into_the_seal, out_of_the_seal),
        migrations.RemoveField(model_name="stripeevent", name="body"),
        migrations.RemoveField(model_name="quarantinedevent", name="body"),
        migrations.RemoveField(model_name="quarantinedevent", name="known"),
    ]
