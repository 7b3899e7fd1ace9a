from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0005_sealed_profiles")]

    operations = [
        migrations.AddField(
            model_name="billingreport",
            name="asked_by",
            field=models.CharField(blank=True, db_default="", default="", max_length=120, verbose_name="asked by"),
        ),
        migrations.AddField(
            model_name="billingreport",
            name="beat_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name="stripeevent",
            index=models.Index(condition=models.Q(("state", "failed")), fields=["id"], name="stripe_event_failed"),
        ),
        migrations.AddConstraint(
            model_name="billingreport",
            constraint=models.UniqueConstraint(
                condition=models.Q(("finished_at__isnull", True)) & ~models.Q(("asked_by", "")),
                fields=("connection", "kind"),
                name="billing_report_one_asked",
            ),
        ),
    ]
