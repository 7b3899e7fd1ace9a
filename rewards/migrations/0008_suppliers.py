"""Accounts at suppliers of rewards, their catalogues, the orders there, and the comparison of both books."""

import core.ids
import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("loyalty", "0020_orders_of_sources"),
        ("rewards", "0007_benefits"),
    ]

    operations = [
        migrations.CreateModel(
            name="SupplierConnection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "code",
                    models.CharField(
                        max_length=40,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z][a-z0-9_]{0,39}\\Z",
                                "Small letters, digits and underscores, starting with a letter, 40 at most.",
                            )
                        ],
                        verbose_name="code",
                    ),
                ),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("supplier", models.CharField(max_length=40, verbose_name="supplier")),
                ("base_url", models.CharField(max_length=300, verbose_name="address")),
                ("sealed_secret", models.TextField(editable=False)),
                ("secret_last4", models.CharField(editable=False, max_length=4)),
                ("sealed_hook_secret", models.TextField(editable=False)),
                ("hook_id", models.UUIDField(default=core.ids.uuid7, editable=False, unique=True)),
                ("currency", models.CharField(max_length=40, verbose_name="point currency")),
                ("rates", models.JSONField(default=dict, verbose_name="points for one whole unit of money")),
                (
                    "rounding",
                    models.CharField(
                        choices=[("up", "up"), ("half_up", "to the nearest"), ("down", "down")],
                        default="up",
                        max_length=8,
                        verbose_name="rounded",
                    ),
                ),
                ("round_to", models.PositiveIntegerField(default=1, verbose_name="to a multiple of")),
                ("countries", models.JSONField(blank=True, default=list, verbose_name="countries")),
                (
                    "low_balance_minor",
                    models.BigIntegerField(default=0, verbose_name="pause the sale when the balance is below"),
                ),
                (
                    "balance_minor",
                    models.BigIntegerField(blank=True, editable=False, null=True, verbose_name="balance"),
                ),
                ("balance_currency", models.CharField(blank=True, editable=False, max_length=3)),
                (
                    "balance_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="balance asked at"),
                ),
                (
                    "verified_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="verified at"),
                ),
                (
                    "paused",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "not paused"),
                            ("staff", "by the team"),
                            ("low_balance", "the balance at the supplier is too low"),
                            ("key_refused", "the supplier refuses the key"),
                        ],
                        default="",
                        editable=False,
                        max_length=12,
                        verbose_name="sale paused",
                    ),
                ),
                ("problem", models.CharField(blank=True, editable=False, max_length=200, verbose_name="problem")),
                (
                    "program",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="supplier_connections",
                        to="loyalty.program",
                        verbose_name="program",
                    ),
                ),
            ],
            options={
                "verbose_name": "supplier",
                "verbose_name_plural": "suppliers",
                "ordering": ["name", "id"],
            },
        ),
        migrations.CreateModel(
            name="SupplierProduct",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("external_id", models.CharField(max_length=80, verbose_name="id at the supplier")),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                ("brand_name", models.CharField(blank=True, max_length=200, verbose_name="brand")),
                ("category", models.CharField(blank=True, max_length=200, verbose_name="category")),
                ("description", models.TextField(blank=True, verbose_name="description")),
                ("terms", models.TextField(blank=True, verbose_name="terms")),
                ("countries", models.JSONField(default=list, verbose_name="countries")),
                ("money_currency", models.CharField(max_length=3, verbose_name="currency")),
                ("values", models.JSONField(default=list, verbose_name="denominations")),
                ("least_minor", models.BigIntegerField(default=0, verbose_name="least")),
                ("most_minor", models.BigIntegerField(default=0, verbose_name="most")),
                ("step_minor", models.BigIntegerField(default=1, verbose_name="step")),
                (
                    "cost_bp",
                    models.PositiveIntegerField(default=10000, verbose_name="cost, in ten-thousandths of the value"),
                ),
                ("valid_days", models.PositiveIntegerField(blank=True, null=True, verbose_name="valid for (days)")),
                ("in_stock", models.BooleanField(default=True, verbose_name="in stock")),
                ("fits", models.BooleanField(default=True, verbose_name="fits our countries and currencies")),
                ("seen_at", models.DateTimeField(verbose_name="last seen at")),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True, verbose_name="withdrawn at")),
                (
                    "connection",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="products",
                        to="rewards.supplierconnection",
                        verbose_name="supplier",
                    ),
                ),
            ],
            options={
                "verbose_name": "product of a supplier",
                "verbose_name_plural": "products of suppliers",
                "ordering": ["name", "id"],
            },
        ),
        migrations.CreateModel(
            name="SupplierOrder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("value_minor", models.BigIntegerField(verbose_name="amount")),
                ("money_currency", models.CharField(max_length=3, verbose_name="currency")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "to be ordered"),
                            ("sent", "sent, outcome unknown"),
                            ("placed", "ordered, delivery on its way"),
                            ("delivered", "delivered"),
                            ("failed", "failed, points given back"),
                            ("stuck", "waits for the team"),
                        ],
                        default="waiting",
                        max_length=9,
                        verbose_name="state",
                    ),
                ),
                ("ref", models.CharField(blank=True, max_length=80, verbose_name="number at the supplier")),
                ("charged_minor", models.BigIntegerField(blank=True, null=True, verbose_name="charged")),
                ("failure", models.CharField(blank=True, max_length=40, verbose_name="reason")),
                ("attempts", models.PositiveIntegerField(default=0, verbose_name="attempts")),
                ("wrong_codes", models.PositiveIntegerField(default=0, verbose_name="wrong codes")),
                ("last_error", models.CharField(blank=True, max_length=200, verbose_name="last answer")),
                ("runner", models.UUIDField(blank=True, editable=False, null=True)),
                ("runner_until", models.DateTimeField(blank=True, editable=False, null=True)),
                ("next_at", models.DateTimeField(blank=True, null=True, verbose_name="next attempt")),
                ("created_at", models.DateTimeField(verbose_name="taken at")),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="last sent at")),
                ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="closed at")),
                ("sealed", models.TextField(editable=False, null=True)),
                ("sealed_pin", models.TextField(editable=False, null=True)),
                ("lookup", models.BinaryField(null=True, unique=True)),
                ("code_until", models.DateField(blank=True, null=True, verbose_name="code valid through")),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="rewards.supplierconnection",
                        verbose_name="supplier",
                    ),
                ),
                (
                    "redemption",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="supplier_order",
                        to="rewards.redemption",
                        verbose_name="redemption",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="rewards.supplierproduct",
                        verbose_name="product",
                    ),
                ),
            ],
            options={
                "verbose_name": "order at a supplier",
                "verbose_name_plural": "orders at suppliers",
                "permissions": [("settle_supplierorder", "Can settle an order at a supplier by hand")],
            },
        ),
        migrations.CreateModel(
            name="SupplierOffer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("value_minor", models.BigIntegerField(verbose_name="amount")),
                ("price_by_rate", models.BooleanField(default=True, verbose_name="price by the rate")),
                ("stopped", models.BooleanField(default=False, verbose_name="stopped by the sync")),
                (
                    "reward",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="supplier_offer",
                        to="rewards.reward",
                        verbose_name="reward",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="offers",
                        to="rewards.supplierproduct",
                        verbose_name="product",
                    ),
                ),
            ],
            options={
                "verbose_name": "offer of a supplier's product",
                "verbose_name_plural": "offers of suppliers' products",
            },
        ),
        migrations.CreateModel(
            name="SupplierReconciliation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("since", models.DateTimeField(verbose_name="from")),
                ("until", models.DateTimeField(verbose_name="until")),
                ("started_at", models.DateTimeField(verbose_name="started at")),
                ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="finished at")),
                ("requested_by", models.CharField(max_length=120, verbose_name="asked for by")),
                ("ours", models.PositiveIntegerField(default=0, verbose_name="our orders")),
                ("theirs", models.PositiveIntegerField(default=0, verbose_name="their orders")),
                ("agreed", models.PositiveIntegerField(default=0, verbose_name="agreed")),
                ("problem", models.CharField(blank=True, max_length=200, verbose_name="problem")),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reconciliations",
                        to="rewards.supplierconnection",
                        verbose_name="supplier",
                    ),
                ),
            ],
            options={
                "verbose_name": "comparison with a supplier",
                "verbose_name_plural": "comparisons with suppliers",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="SupplierDifference",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("missing_there", "not at the supplier"),
                            ("unknown_here", "not ours"),
                            ("doubled", "charged twice"),
                            ("other_amount", "another amount or product"),
                            ("delivered_there", "delivered there, not here"),
                            ("failed_there", "failed there, open here"),
                            ("paid_for_nothing", "charged there, points given back here"),
                            ("overdue", "not delivered in time"),
                        ],
                        max_length=16,
                        verbose_name="kind",
                    ),
                ),
                ("key", models.CharField(blank=True, max_length=200, verbose_name="key")),
                ("ref", models.CharField(blank=True, max_length=80, verbose_name="number at the supplier")),
                ("ours", models.CharField(blank=True, max_length=200, verbose_name="here")),
                ("theirs", models.CharField(blank=True, max_length=200, verbose_name="there")),
                ("repaired", models.BooleanField(default=False, verbose_name="repaired")),
                (
                    "order",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="rewards.supplierorder",
                        verbose_name="order",
                    ),
                ),
                (
                    "reconciliation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="differences",
                        to="rewards.supplierreconciliation",
                        verbose_name="comparison",
                    ),
                ),
            ],
            options={
                "verbose_name": "difference with a supplier",
                "verbose_name_plural": "differences with suppliers",
                "ordering": ["repaired", "id"],
            },
        ),
        migrations.CreateModel(
            name="SupplierSync",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("running", "running"),
                            ("done", "done"),
                            ("failed", "failed"),
                        ],
                        default="waiting",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("requested_by", models.CharField(max_length=120, verbose_name="asked for by")),
                ("requested_at", models.DateTimeField(verbose_name="asked for at")),
                ("started_at", models.DateTimeField(blank=True, null=True, verbose_name="started at")),
                ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="finished at")),
                ("beat_at", models.DateTimeField(blank=True, null=True)),
                ("pages", models.PositiveIntegerField(default=0, verbose_name="pages")),
                ("total", models.PositiveIntegerField(blank=True, null=True, verbose_name="products in all")),
                ("seen", models.PositiveIntegerField(default=0, verbose_name="products seen")),
                ("added", models.PositiveIntegerField(default=0, verbose_name="new")),
                ("changed", models.PositiveIntegerField(default=0, verbose_name="changed")),
                ("withdrawn", models.PositiveIntegerField(default=0, verbose_name="withdrawn")),
                ("problem", models.CharField(blank=True, max_length=200, verbose_name="problem")),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="syncs",
                        to="rewards.supplierconnection",
                        verbose_name="supplier",
                    ),
                ),
            ],
            options={
                "verbose_name": "reading of a catalogue",
                "verbose_name_plural": "readings of catalogues",
                "ordering": ["-id"],
            },
        ),
        migrations.AddConstraint(
            model_name="supplierproduct",
            constraint=models.UniqueConstraint(fields=("connection", "external_id"), name="supplier_product_once"),
        ),
        migrations.AddIndex(
            model_name="supplierorder",
            index=models.Index(
                condition=models.Q(("state__in", ("waiting", "sent", "placed"))),
                fields=["next_at"],
                name="supplier_order_due",
            ),
        ),
        migrations.AddIndex(
            model_name="supplierorder",
            index=models.Index(fields=["connection", "created_at"], name="supplier_order_by_day"),
        ),
        migrations.AddConstraint(
            model_name="supplierorder",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("lookup__isnull", False), ("state", "delivered")),
                    models.Q(("state", "delivered"), _negated=True),
                    _connector="OR",
                ),
                name="supplier_order_delivered_has_code",
            ),
        ),
        migrations.AddConstraint(
            model_name="supplierorder",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "failed"), _negated=True),
                    models.Q(("lookup__isnull", True), ("sealed__isnull", True)),
                    _connector="OR",
                ),
                name="supplier_order_failed_has_none",
            ),
        ),
        migrations.AddConstraint(
            model_name="supplieroffer",
            constraint=models.CheckConstraint(
                condition=models.Q(("value_minor__gt", 0)), name="supplier_offer_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="suppliersync",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("waiting", "running"))),
                fields=("connection",),
                name="supplier_sync_one_at_a_time",
            ),
        ),
    ]
