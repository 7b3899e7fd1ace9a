from typing import Any

from django.db import migrations, models


def as_used(apps: Any, schema_editor: Any) -> None:
    """Until now each was told with the time it was used at."""
    apps.get_model("billing", "MeteredUse").objects.update(counts_at=models.F("used_at"))


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0018_changes_kept_and_what_follows"),
    ]

    operations = [
        migrations.AddField(
            model_name="metereduse",
            name="counts_at",
            field=models.DateTimeField(null=True, verbose_name="counts at"),
        ),
        migrations.AddField(
            model_name="metereduse",
            name="moved_from",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.RunPython(as_used, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="metereduse",
            name="counts_at",
            field=models.DateTimeField(verbose_name="counts at"),
        ),
        migrations.RemoveIndex(model_name="metereduse", name="metered_use_of"),
        migrations.AddIndex(
            model_name="metereduse",
            index=models.Index(fields=["item", "counts_at"], name="metered_use_counted"),
        ),
    ]
