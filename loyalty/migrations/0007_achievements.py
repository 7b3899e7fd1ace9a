"""Achievements line by line, names on leaderboards, and the booking that writes them."""

from pathlib import Path

import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models


SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [
        ("loyalty", "0006_budget"),
    ]

    operations = [
        migrations.CreateModel(
            name="Achievement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("challenge", "challenge"),
                            ("step", "step of a challenge"),
                            ("stamp_card", "stamp card"),
                            ("milestone", "milestone of a streak"),
                            ("badge", "badge"),
                        ],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("code", models.CharField(max_length=40, verbose_name="code")),
                ("n", models.PositiveIntegerField(verbose_name="how many")),
                ("last_day", models.DateField(blank=True, null=True, verbose_name="last day")),
                ("undone", models.BooleanField(default=False, verbose_name="taken back")),
                ("at", models.DateTimeField(verbose_name="when")),
                ("recorded_at", models.DateTimeField(verbose_name="recorded at")),
            ],
            options={
                "verbose_name": "achievement",
                "verbose_name_plural": "achievements",
            },
        ),
        migrations.CreateModel(
            name="LeaderboardPlayer",
            fields=[
                (
                    "enrollment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="player",
                        serialize=False,
                        to="loyalty.enrollment",
                        verbose_name="enrollment",
                    ),
                ),
                ("name", models.CharField(max_length=24, verbose_name="name on leaderboards")),
                ("playing", models.BooleanField(default=True, verbose_name="takes part")),
                ("hidden", models.BooleanField(default=False, verbose_name="hidden by staff")),
                ("joined_at", models.DateTimeField(verbose_name="since")),
            ],
            options={
                "verbose_name": "name on leaderboards",
                "verbose_name_plural": "names on leaderboards",
                "permissions": [("moderate_leaderboardplayer", "Can rename and hide players")],
            },
        ),
        migrations.AddIndex(
            model_name="progresscounter",
            index=models.Index(
                condition=models.Q(("key__startswith", "board:")),
                fields=["key", "period", "-value"],
                name="counter_board",
            ),
        ),
        migrations.AddField(
            model_name="achievement",
            name="enrollment",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="achievements",
                to="loyalty.enrollment",
                verbose_name="enrollment",
            ),
        ),
        migrations.AddField(
            model_name="achievement",
            name="event",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="achievements",
                to="loyalty.event",
                verbose_name="event",
            ),
        ),
        migrations.AddConstraint(
            model_name="leaderboardplayer",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("name"),
                name="player_name_once",
                violation_error_message="Somebody has this name already.",
            ),
        ),
        migrations.AddIndex(
            model_name="achievement",
            index=models.Index(fields=["enrollment", "-id"], name="achievement_of_member"),
        ),
        migrations.RunSQL((SQL / "0008_achievements.sql").read_text()),
    ]
