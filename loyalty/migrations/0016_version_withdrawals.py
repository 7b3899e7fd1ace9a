"""A version that was to take effect later can be taken back."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0015_tiers_night")]
    operations = [
        migrations.CreateModel(
            name="VersionWithdrawal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("withdrawn_at", models.DateTimeField(verbose_name="withdrawn at")),
                ("withdrawn_by", models.CharField(max_length=120, verbose_name="withdrawn by")),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="reason")),
                (
                    "version",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="withdrawal",
                        to="loyalty.programversion",
                        verbose_name="version",
                    ),
                ),
            ],
            options={"verbose_name": "withdrawn version", "verbose_name_plural": "withdrawn versions"},
        ),
    ]
