import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0012_reminders_of_boxes"),
    ]

    operations = [
        migrations.CreateModel(
            name="BundleShare",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("amount_minor", models.BigIntegerField(verbose_name="amount")),
                (
                    "part",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.membershipplan",
                        verbose_name="part",
                    ),
                ),
                (
                    "price",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="shares",
                        to="billing.planprice",
                        verbose_name="price",
                    ),
                ),
            ],
            options={
                "verbose_name": "share of a bundle’s price",
                "verbose_name_plural": "shares of bundles’ prices",
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(fields=("price", "part"), name="bundle_share_once"),
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gte", 0)), name="bundle_share_not_negative"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SubscriptionPart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("item_id", models.CharField(editable=False, max_length=80)),
                (
                    "share",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.bundleshare",
                        verbose_name="share",
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="parts",
                        to="billing.subscription",
                        verbose_name="subscription",
                    ),
                ),
            ],
            options={
                "verbose_name": "part of a subscription",
                "verbose_name_plural": "parts of subscriptions",
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(fields=("subscription", "share"), name="subscription_part_once")
                ],
            },
        ),
    ]
