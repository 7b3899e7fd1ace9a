"""Files of codes are brought into a pool by a worker; which of their lines were left out is kept for a while."""

import core.ids
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("rewards", "0013_points_refunded"),
    ]

    operations = [
        migrations.CreateModel(
            name="PoolImport",
            fields=[
                ("id", models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "running"),
                            ("paused", "paused"),
                            ("done", "done"),
                            ("failed", "failed"),
                            ("canceled", "canceled"),
                        ],
                        default="running",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("filename", models.CharField(max_length=200, verbose_name="file")),
                ("path", models.CharField(blank=True, max_length=200)),
                ("total", models.PositiveIntegerField(verbose_name="lines")),
                ("done", models.PositiveIntegerField(default=0, verbose_name="lines done")),
                ("offset", models.BigIntegerField(default=0)),
                ("added", models.PositiveIntegerField(default=0, verbose_name="added")),
                ("duplicates", models.PositiveIntegerField(default=0, verbose_name="there already")),
                ("invalid", models.PositiveIntegerField(default=0, verbose_name="could not be used")),
                ("problem", models.JSONField(blank=True, null=True, verbose_name="problem")),
                ("initiated_by", models.CharField(max_length=20, verbose_name="initiated by")),
                ("actor", models.CharField(max_length=120, verbose_name="who")),
                ("created_at", models.DateTimeField(verbose_name="uploaded at")),
                ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="finished at")),
                ("runner", models.UUIDField(blank=True, null=True)),
                ("beat_at", models.DateTimeField(blank=True, null=True)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                (
                    "pool",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="imports",
                        to="rewards.codepool",
                        verbose_name="pool",
                    ),
                ),
            ],
            options={
                "verbose_name": "import of codes",
                "verbose_name_plural": "imports of codes",
            },
        ),
        migrations.CreateModel(
            name="PoolImportReject",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("first_line", models.PositiveIntegerField(verbose_name="line")),
                ("lines", models.JSONField(default=list, verbose_name="lines")),
                (
                    "job",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rejects",
                        to="rewards.poolimport",
                    ),
                ),
            ],
            options={
                "verbose_name": "lines left out",
                "verbose_name_plural": "lines left out",
            },
        ),
        migrations.AddIndex(
            model_name="poolimport",
            index=models.Index(
                condition=models.Q(("state", "running")), fields=["created_at"], name="pool_import_open"
            ),
        ),
        migrations.AddConstraint(
            model_name="poolimportreject",
            constraint=models.UniqueConstraint(fields=("job", "first_line"), name="pool_import_piece_once"),
        ),
    ]
