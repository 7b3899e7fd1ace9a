import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0017_sealed_events"),
    ]

    operations = [
        migrations.AddField(
            model_name="billingoperation",
            name="follow",
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="subscription",
            name="kept_look_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="subscription",
            name="kept_price",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="billing.planprice",
            ),
        ),
        migrations.AddIndex(
            model_name="billingoperation",
            index=models.Index(
                condition=models.Q(("follow__isnull", False)), fields=["made_at"], name="billing_operation_follows"
            ),
        ),
        migrations.AddIndex(
            model_name="billingoperation",
            index=models.Index(fields=["subject", "kind"], name="billing_operation_of"),
        ),
        migrations.AddIndex(
            model_name="subscription",
            index=models.Index(
                condition=models.Q(("kept_price__isnull", False)),
                fields=["kept_look_at"],
                name="subscription_change_kept",
            ),
        ),
    ]
