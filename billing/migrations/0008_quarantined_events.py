import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0007_win_back"),
    ]

    operations = [
        migrations.CreateModel(
            name="QuarantinedEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("event_id", models.CharField(max_length=80, verbose_name="event")),
                ("type", models.CharField(max_length=80, verbose_name="type")),
                ("digest", models.CharField(editable=False, max_length=64)),
                ("body", models.JSONField(verbose_name="body")),
                ("by", models.CharField(max_length=10, verbose_name="came by")),
                ("received_at", models.DateTimeField(verbose_name="received at")),
                (
                    "connection",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="quarantined",
                        to="billing.stripeconnection",
                        verbose_name="account",
                    ),
                ),
            ],
            options={
                "verbose_name": "event in quarantine",
                "verbose_name_plural": "events in quarantine",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(fields=("connection", "event_id", "digest"), name="quarantined_event_once")
                ],
            },
        ),
    ]
