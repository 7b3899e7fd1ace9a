"""Rewards that rules give stand on no entry of the ledger, but on the act that gave them, once."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("rewards", "0002_functions")]
    operations = [
        migrations.AlterField(
            model_name="redemption",
            name="entry",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="redemption",
                to="loyalty.pointsentry",
                verbose_name="ledger entry",
            ),
        ),
        migrations.AddField(
            model_name="redemption",
            name="given_for",
            field=models.CharField(blank=True, editable=False, max_length=140, null=True),
        ),
        migrations.AddConstraint(
            model_name="redemption",
            constraint=models.UniqueConstraint(fields=("given_for",), name="reward_given_once"),
        ),
        migrations.AddConstraint(
            model_name="redemption",
            constraint=models.CheckConstraint(
                condition=models.Q(("entry__isnull", False), ("given_for__isnull", True))
                | models.Q(("entry__isnull", True), ("given_for__isnull", False), ("price", 0)),
                name="redemption_paid_or_given",
            ),
        ),
        migrations.RunSQL((SQL / "0002_rewards_given.sql").read_text()),
    ]
