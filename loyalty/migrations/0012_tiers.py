"""Tiers that are given whatever is earned, the notice of an end, and the night's work on many standings at once."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [
        ("loyalty", "0011_import_jobs"),
    ]

    operations = [
        migrations.CreateModel(
            name="TierFloor",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ladder", models.CharField(max_length=40, verbose_name="ladder")),
                ("tier", models.CharField(max_length=40, verbose_name="tier")),
                ("source", models.CharField(max_length=60, verbose_name="source")),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="reason")),
                ("set_by", models.CharField(max_length=120, verbose_name="set by")),
                ("set_at", models.DateTimeField(verbose_name="set at")),
                ("until", models.DateTimeField(blank=True, null=True, verbose_name="until")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended at")),
            ],
            options={
                "verbose_name": "given tier",
                "verbose_name_plural": "given tiers",
            },
        ),
        migrations.RemoveIndex(
            model_name="tierstanding",
            name="standing_due",
        ),
        migrations.AddField(
            model_name="tierstanding",
            name="floor_tier",
            field=models.CharField(blank=True, db_default="", default="", max_length=40, verbose_name="floor"),
        ),
        migrations.AddField(
            model_name="tierstanding",
            name="floor_until",
            field=models.DateTimeField(blank=True, null=True, verbose_name="floor until"),
        ),
        migrations.AddField(
            model_name="tierstanding",
            name="own_tier",
            field=models.CharField(blank=True, db_default="", default="", max_length=40, verbose_name="earned tier"),
        ),
        migrations.AddField(
            model_name="tierstanding",
            name="own_until",
            field=models.DateTimeField(blank=True, null=True, verbose_name="earned until"),
        ),
        migrations.AddField(
            model_name="tierstanding",
            name="told_until",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AlterField(
            model_name="tierchange",
            name="cause",
            field=models.CharField(
                choices=[
                    ("enrolled", "enrolled"),
                    ("earned", "earned"),
                    ("window_end", "end of the period"),
                    ("staff", "by staff"),
                    ("floor", "given"),
                    ("floor_end", "what was given ended"),
                    ("balance", "by the balance"),
                    ("program", "the program changed"),
                ],
                max_length=12,
                verbose_name="cause",
            ),
        ),
        migrations.AddIndex(
            model_name="tierstanding",
            index=models.Index(
                condition=models.Q(("valid_until__isnull", False)),
                fields=["valid_until", "enrollment"],
                name="standing_due_of",
            ),
        ),
        migrations.AddField(
            model_name="tierfloor",
            name="enrollment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tier_floors",
                to="loyalty.enrollment",
                verbose_name="enrollment",
            ),
        ),
        migrations.AddConstraint(
            model_name="tierfloor",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)),
                fields=("enrollment", "ladder", "source"),
                name="floor_once",
            ),
        ),
        migrations.RunSQL((SQL / "0020_tiers.sql").read_text()),
    ]
