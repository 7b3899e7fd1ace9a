"""Codes of reservations that ended are free again; a redemption knows its order and how it was asked for."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [
        ("loyalty", "0023_balances"),
        ("rewards", "0010_part_payments"),
    ]

    operations = [
        migrations.AddField(
            model_name="codepool",
            name="returned",
            field=models.BigIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="codepool",
            name="warned",
            field=models.PositiveSmallIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="redemption",
            name="asked",
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="redemption",
            name="order_number",
            field=models.CharField(blank=True, max_length=200, verbose_name="order"),
        ),
        migrations.AlterField(
            model_name="poolcode",
            name="state",
            field=models.CharField(
                choices=[("free", "free"), ("taken", "handed out"), ("void", "voided"), ("back", "free again")],
                default="free",
                max_length=6,
                verbose_name="state",
            ),
        ),
        migrations.AddIndex(
            model_name="poolcode",
            index=models.Index(
                condition=models.Q(("state", "back")), fields=["pool", "ordinal"], name="pool_code_back"
            ),
        ),
        migrations.AddIndex(
            model_name="redemption",
            index=models.Index(
                condition=models.Q(("order_number", ""), _negated=True),
                fields=["order_number"],
                name="redemption_of_order",
            ),
        ),
        migrations.RunSQL((SQL / "0005_codes_back.sql").read_text(), migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="codepool",
            constraint=models.CheckConstraint(
                condition=models.Q(("returned__gte", 0), ("returned__lt", models.F("next_ordinal"))),
                name="pool_returned_handed_out",
            ),
        ),
    ]
