"""Backtests: what was asked, how far it is, and its report."""

import core.ids
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("loyalty", "0007_achievements"),
    ]

    operations = [
        migrations.CreateModel(
            name="BacktestRun",
            fields=[
                ("id", models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("version", models.PositiveIntegerField(blank=True, null=True, verbose_name="version")),
                ("document", models.JSONField(verbose_name="document")),
                ("document_hash", models.BinaryField()),
                ("months", models.PositiveSmallIntegerField(verbose_name="months")),
                ("since", models.DateTimeField(verbose_name="from")),
                ("until", models.DateTimeField(verbose_name="until")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "waiting"),
                            ("running", "running"),
                            ("done", "done"),
                            ("failed", "failed"),
                            ("canceled", "canceled"),
                        ],
                        default="queued",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("asked_by", models.CharField(max_length=120, verbose_name="asked by")),
                ("asked_at", models.DateTimeField(verbose_name="asked at")),
                ("started_at", models.DateTimeField(blank=True, null=True, verbose_name="started at")),
                ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="finished at")),
                ("report", models.JSONField(blank=True, null=True, verbose_name="report")),
                ("problem", models.CharField(blank=True, max_length=300, verbose_name="problem")),
                (
                    "program",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="backtests",
                        to="loyalty.program",
                        verbose_name="program",
                    ),
                ),
            ],
            options={
                "verbose_name": "backtest",
                "verbose_name_plural": "backtests",
            },
        ),
        migrations.CreateModel(
            name="BacktestPart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                ("done", models.PositiveIntegerField(default=0)),
                ("total", models.PositiveIntegerField(default=0)),
                ("after", models.BigIntegerField(default=0)),
                ("events", models.PositiveBigIntegerField(default=0)),
                ("tally", models.JSONField(default=dict)),
                ("claims", models.PositiveIntegerField(default=0)),
                ("deaths", models.PositiveSmallIntegerField(default=0)),
                ("beat_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="parts", to="loyalty.backtestrun"
                    ),
                ),
            ],
            options={
                "verbose_name": "part of a backtest",
                "verbose_name_plural": "parts of backtests",
            },
        ),
        migrations.AddConstraint(
            model_name="backtestrun",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["queued", "running"])),
                fields=("program",),
                name="backtest_one_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="backtestpart",
            constraint=models.UniqueConstraint(fields=("run", "number"), name="backtest_part_once"),
        ),
    ]
