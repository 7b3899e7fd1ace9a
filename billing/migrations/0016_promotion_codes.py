from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0015_connected_accounts"),
    ]

    operations = [
        migrations.CreateModel(
            name="PromotionCode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=40, verbose_name="code")),
                ("body", models.JSONField(default=dict, verbose_name="what it gives")),
                ("plans", models.JSONField(blank=True, default=list, verbose_name="plans")),
                ("most", models.PositiveIntegerField(blank=True, null=True, verbose_name="how often in all")),
                ("until", models.DateTimeField(blank=True, null=True, verbose_name="good until")),
                ("first_only", models.BooleanField(default=False, verbose_name="for new members alone")),
                ("made_at", models.DateTimeField(verbose_name="made at")),
                ("made_by", models.CharField(max_length=120, verbose_name="by")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended at")),
            ],
            options={
                "verbose_name": "promotion code",
                "verbose_name_plural": "promotion codes",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)), fields=("code",), name="promotion_code_once"
                    )
                ],
            },
        ),
    ]
