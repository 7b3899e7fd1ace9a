"""Invitations that wait for the member's answer, and the permission to give tiers."""

import core.ids
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("loyalty", "0016_version_withdrawals"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="tierfloor",
            options={
                "permissions": [("give_tier", "Can give tiers by hand and take them back")],
                "verbose_name": "given tier",
                "verbose_name_plural": "given tiers",
            },
        ),
        migrations.CreateModel(
            name="TierInvitation",
            fields=[
                ("id", models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("ladder", models.CharField(max_length=40, verbose_name="ladder")),
                ("tier", models.CharField(max_length=40, verbose_name="tier")),
                ("until", models.DateTimeField(blank=True, null=True, verbose_name="until")),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="reason")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting for an answer"),
                            ("accepted", "accepted"),
                            ("declined", "declined"),
                            ("withdrawn", "withdrawn"),
                        ],
                        default="waiting",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("invited_by", models.CharField(max_length=120, verbose_name="invited by")),
                ("invited_at", models.DateTimeField(verbose_name="invited at")),
                ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="closed at")),
                (
                    "enrollment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tier_invitations",
                        to="loyalty.enrollment",
                        verbose_name="enrollment",
                    ),
                ),
            ],
            options={
                "verbose_name": "invitation to a tier",
                "verbose_name_plural": "invitations to tiers",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "waiting")),
                        fields=("enrollment", "ladder"),
                        name="invitation_once",
                    )
                ],
            },
        ),
    ]
