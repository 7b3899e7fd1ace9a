"""Points of a used reward can be given back by staff; a payment in points is refunded in the admin too."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [
        ("rewards", "0012_ledger_invariants"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="cartpayment",
            options={
                "permissions": [("refund_cartpayment", "Can refund a payment in points")],
                "verbose_name": "payment in points",
                "verbose_name_plural": "payments in points",
            },
        ),
        migrations.AlterModelOptions(
            name="redemption",
            options={
                "permissions": [
                    ("cancel_redemption", "Can cancel a redemption"),
                    ("refund_redemption", "Can give the points of a used reward back"),
                ],
                "verbose_name": "redemption",
                "verbose_name_plural": "redemptions",
            },
        ),
        migrations.AddField(
            model_name="redemption",
            name="refund_reason",
            field=models.CharField(blank=True, max_length=200, verbose_name="reason"),
        ),
        migrations.AddField(
            model_name="redemption",
            name="refunded_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="points given back at"),
        ),
        migrations.RunSQL((SQL / "0006_refunded.sql").read_text(), migrations.RunSQL.noop),
    ]
