"""Budgets over all members, and the booking that keeps within them."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0005_draft_parts")]
    operations = [
        migrations.CreateModel(
            name="Budget",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=120, verbose_name="what")),
                ("period", models.CharField(blank=True, max_length=10, verbose_name="period")),
                ("value", models.BigIntegerField(default=0, verbose_name="value")),
                (
                    "program",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="budgets",
                        to="loyalty.program",
                        verbose_name="program",
                    ),
                ),
            ],
            options={
                "verbose_name": "budget",
                "verbose_name_plural": "budgets",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("program", "key", "period"), name="budget_once"),
                    models.CheckConstraint(condition=models.Q(("value__gte", 0)), name="budget_not_negative"),
                ],
            },
        ),
        migrations.RunSQL((SQL / "0007_budgets.sql").read_text()),
    ]
