from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0008_quarantined_events"),
    ]

    operations = [
        migrations.AddField(
            model_name="planprice",
            name="area",
            field=models.CharField(blank=True, editable=False, default="", max_length=2),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="planprice",
            name="countries",
            field=models.JSONField(blank=True, default=list, verbose_name="countries"),
        ),
        migrations.RemoveConstraint(model_name="planprice", name="plan_price_once"),
        migrations.RemoveConstraint(model_name="planprice", name="plan_price_one_current"),
        migrations.AddConstraint(
            model_name="planprice",
            constraint=models.UniqueConstraint(
                fields=("plan", "currency", "every", "area", "number"), name="plan_price_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="planprice",
            constraint=models.UniqueConstraint(
                condition=models.Q(("replaced_at__isnull", True)),
                fields=("plan", "currency", "every", "area"),
                name="plan_price_one_current",
            ),
        ),
    ]
