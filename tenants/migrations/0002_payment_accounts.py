import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="PaymentAccount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("account_id", models.CharField(max_length=80, verbose_name="account")),
                ("livemode", models.BooleanField(verbose_name="live")),
                ("opened_at", models.DateTimeField(verbose_name="opened at")),
                (
                    "brand",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="payment_accounts",
                        to="tenants.brand",
                        verbose_name="brand",
                    ),
                ),
            ],
            options={
                "verbose_name": "payment account",
                "verbose_name_plural": "payment accounts",
                "ordering": ("account_id",),
                "constraints": [
                    models.UniqueConstraint(fields=("account_id", "livemode"), name="payment_account_once")
                ],
            },
        ),
    ]
