import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0010_add_ons"),
    ]

    operations = [
        migrations.AddField(
            model_name="planprice",
            name="included",
            field=models.PositiveIntegerField(default=0, verbose_name="included uses"),
        ),
        migrations.AddField(
            model_name="subscriptionitem",
            name="cap_minor",
            field=models.BigIntegerField(blank=True, null=True, verbose_name="at most"),
        ),
        migrations.CreateModel(
            name="MeteredUse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("use_id", models.UUIDField(verbose_name="use")),
                ("units", models.PositiveIntegerField(verbose_name="units")),
                ("used_at", models.DateTimeField(verbose_name="used at")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("sent", "sent"),
                            ("taken_back", "taken back"),
                            ("failed", "failed"),
                        ],
                        default="waiting",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("cancels", models.BooleanField(default=False, verbose_name="to be taken back there")),
                ("error", models.CharField(blank=True, max_length=200, verbose_name="error")),
                ("made_at", models.DateTimeField(verbose_name="made at")),
                (
                    "item",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="uses",
                        to="billing.subscriptionitem",
                        verbose_name="meter",
                    ),
                ),
            ],
            options={
                "verbose_name": "metered use",
                "verbose_name_plural": "metered uses",
                "indexes": [
                    models.Index(fields=["item", "used_at"], name="metered_use_of"),
                    models.Index(
                        condition=models.Q(("state", "waiting"), ("cancels", True), _connector="OR"),
                        fields=["id"],
                        name="metered_use_waiting",
                    ),
                ],
                "constraints": [models.UniqueConstraint(fields=("item", "use_id"), name="metered_use_once")],
            },
        ),
    ]
