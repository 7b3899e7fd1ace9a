"""The team is told when few pieces are left: of parcels from the start, at a tenth of the stock."""

from typing import Any

from django.db import migrations, models
from django.db.models.functions import Greatest


def parcels_warn(apps: Any, schema_editor: Any) -> None:
    reward = apps.get_model("rewards", "Reward")
    parcels = reward.objects.filter(kind="physical", stock_total__isnull=False)
    parcels.update(low_at=Greatest(1, models.F("stock_total") / 10))


class Migration(migrations.Migration):
    dependencies = [
        ("rewards", "0014_pool_imports"),
    ]

    operations = [
        migrations.AddField(
            model_name="reward",
            name="low_at",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="reward",
            name="warned",
            field=models.PositiveSmallIntegerField(default=0, editable=False),
        ),
        migrations.RunPython(parcels_warn, migrations.RunPython.noop),
    ]
