import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0013_bundles"),
        ("members", "0005_user_language_chosen"),
    ]

    operations = [
        migrations.AddField(
            model_name="quarantinedevent",
            name="known",
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="quarantinedevent",
            name="reason",
            field=models.CharField(blank=True, db_default="", default="", max_length=200, verbose_name="reason"),
        ),
        migrations.AddField(
            model_name="quarantinedevent",
            name="settled_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="settled at"),
        ),
        migrations.AddField(
            model_name="quarantinedevent",
            name="settled_by",
            field=models.CharField(blank=True, db_default="", default="", max_length=120, verbose_name="by"),
        ),
        migrations.AddField(
            model_name="quarantinedevent",
            name="state",
            field=models.CharField(
                choices=[("waiting", "to be looked at"), ("taken", "taken"), ("dropped", "dropped")],
                db_default="waiting",
                default="waiting",
                max_length=7,
                verbose_name="state",
            ),
        ),
        migrations.CreateModel(
            name="Dispute",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stripe_id", models.CharField(max_length=80, verbose_name="id at Stripe")),
                ("amount_minor", models.BigIntegerField(verbose_name="amount")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("reason", models.CharField(max_length=60, verbose_name="reason")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("needs_response", "to be answered"),
                            ("under_review", "the bank looks at it"),
                            ("warning_needs_response", "inquiry to be answered"),
                            ("warning_under_review", "the bank looks at the inquiry"),
                            ("warning_closed", "inquiry closed"),
                            ("won", "won"),
                            ("lost", "lost"),
                            ("prevented", "prevented"),
                        ],
                        max_length=24,
                        verbose_name="state",
                    ),
                ),
                ("opened_at", models.DateTimeField(verbose_name="since")),
                ("answer_by", models.DateTimeField(blank=True, null=True, verbose_name="answer by")),
                (
                    "connection",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputes",
                        to="billing.stripeconnection",
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputes",
                        to="billing.invoice",
                        verbose_name="invoice",
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputes",
                        to="members.member",
                        verbose_name="member",
                    ),
                ),
            ],
            options={
                "verbose_name": "dispute",
                "verbose_name_plural": "disputes",
                "ordering": ["-opened_at", "-id"],
                "indexes": [models.Index(fields=["member", "-opened_at"], name="disputes_of_member")],
                "constraints": [models.UniqueConstraint(fields=("connection", "stripe_id"), name="dispute_once")],
            },
        ),
    ]
