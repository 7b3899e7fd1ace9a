"""Kinds of reward, reservations, codes that are made here, and what else a redemption leads to."""

import core.ids
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("loyalty", "0018_given_before"),
        ("members", "0004_segment"),
        ("rewards", "0004_shared_accounts"),
    ]

    operations = [
        migrations.CreateModel(
            name="Donation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("cause", models.CharField(max_length=40, verbose_name="cause")),
                ("amount_minor", models.BigIntegerField(verbose_name="amount")),
                ("money_currency", models.CharField(max_length=3, verbose_name="currency")),
                ("canceled", models.BooleanField(default=False, verbose_name="canceled")),
                ("given_at", models.DateTimeField(verbose_name="given at")),
            ],
            options={
                "verbose_name": "donation",
                "verbose_name_plural": "donations",
            },
        ),
        migrations.CreateModel(
            name="Fulfilment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sku", models.CharField(blank=True, max_length=120, verbose_name="article number")),
                ("address", models.TextField(blank=True)),
                ("country", models.CharField(blank=True, max_length=2, verbose_name="country")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("address", "waits for the address"),
                            ("to_pack", "to be packed"),
                            ("packed", "packed"),
                            ("shipped", "on its way"),
                            ("delivered", "delivered"),
                            ("returned", "came back"),
                            ("canceled", "canceled"),
                        ],
                        default="address",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("carrier", models.CharField(blank=True, max_length=60, verbose_name="carrier")),
                ("tracking", models.CharField(blank=True, max_length=120, verbose_name="tracking number")),
                ("created_at", models.DateTimeField(verbose_name="taken at")),
                ("changed_at", models.DateTimeField(verbose_name="changed at")),
            ],
            options={
                "verbose_name": "parcel",
                "verbose_name_plural": "parcels",
                "permissions": [("handle_fulfilment", "Can pack and send parcels")],
            },
        ),
        migrations.CreateModel(
            name="GuessCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subject", models.CharField(max_length=140, unique=True, verbose_name="who")),
                ("failures", models.PositiveIntegerField(default=0, verbose_name="wrong codes")),
                ("since", models.DateTimeField(verbose_name="since")),
                ("locked_until", models.DateTimeField(blank=True, null=True, verbose_name="locked until")),
            ],
            options={
                "verbose_name": "lock-out of guessing",
                "verbose_name_plural": "lock-outs of guessing",
            },
        ),
        migrations.CreateModel(
            name="RewardFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(editable=False, max_length=64, unique=True, verbose_name="SHA-256")),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("media_type", models.CharField(editable=False, max_length=60, verbose_name="media type")),
                ("content", models.BinaryField()),
                ("size", models.PositiveIntegerField(editable=False, verbose_name="size in bytes")),
                ("uploaded_at", models.DateTimeField(verbose_name="uploaded at")),
            ],
            options={
                "verbose_name": "picture or file",
                "verbose_name_plural": "pictures and files",
                "ordering": ["-uploaded_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="StoreCredit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("money_currency", models.CharField(max_length=3, verbose_name="currency")),
                ("balance_minor", models.BigIntegerField(default=0, verbose_name="balance")),
            ],
            options={
                "verbose_name": "store credit",
                "verbose_name_plural": "store credit",
            },
        ),
        migrations.CreateModel(
            name="StoreCreditLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("amount_minor", models.BigIntegerField(verbose_name="amount")),
                ("reference", models.CharField(blank=True, max_length=120, verbose_name="reference")),
                ("actor", models.CharField(max_length=120, verbose_name="actor")),
                ("made_at", models.DateTimeField(verbose_name="made at")),
            ],
            options={
                "verbose_name": "line of store credit",
                "verbose_name_plural": "lines of store credit",
                "ordering": ["made_at", "id"],
            },
        ),
        migrations.CreateModel(
            name="Voucher",
            fields=[
                ("id", models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=20, verbose_name="kind")),
                ("sealed", models.TextField()),
                ("lookup", models.BinaryField(unique=True)),
                ("terms", models.JSONField(default=dict, verbose_name="what it is worth")),
                ("original_minor", models.BigIntegerField(blank=True, null=True, verbose_name="amount")),
                ("balance_minor", models.BigIntegerField(blank=True, null=True, verbose_name="left")),
                ("money_currency", models.CharField(blank=True, max_length=3, verbose_name="currency")),
                (
                    "state",
                    models.CharField(
                        choices=[("active", "active"), ("used", "used"), ("void", "voided")],
                        default="active",
                        max_length=6,
                        verbose_name="state",
                    ),
                ),
                ("use_until", models.DateTimeField(blank=True, null=True, verbose_name="to be used by")),
                ("created_at", models.DateTimeField(verbose_name="made at")),
            ],
            options={
                "verbose_name": "voucher",
                "verbose_name_plural": "vouchers",
            },
        ),
        migrations.CreateModel(
            name="VoucherUse",
            fields=[
                ("id", models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("amount_minor", models.BigIntegerField(blank=True, null=True, verbose_name="amount")),
                ("left_minor", models.BigIntegerField(blank=True, null=True, verbose_name="left")),
                ("reference", models.CharField(blank=True, max_length=120, verbose_name="reference")),
                ("source", models.CharField(max_length=60, verbose_name="source")),
                ("actor", models.CharField(max_length=120, verbose_name="actor")),
                ("used_at", models.DateTimeField(verbose_name="used at")),
            ],
            options={
                "verbose_name": "use of a voucher",
                "verbose_name_plural": "uses of vouchers",
                "ordering": ["used_at", "id"],
            },
        ),
        migrations.CreateModel(
            name="WaitingPlace",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("promoted", "got a seat"),
                            ("passed", "passed over"),
                            ("left", "left the list"),
                        ],
                        default="waiting",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("option", models.CharField(blank=True, max_length=60, verbose_name="way to pay")),
                ("note", models.CharField(blank=True, max_length=60, verbose_name="why")),
                ("joined_at", models.DateTimeField(verbose_name="joined at")),
                ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="decided at")),
            ],
            options={
                "verbose_name": "place on a waiting list",
                "verbose_name_plural": "places on waiting lists",
                "ordering": ["id"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="redemption",
            name="redemption_paid_or_given",
        ),
        migrations.RemoveConstraint(
            model_name="reward",
            name="reward_price_positive",
        ),
        migrations.AddField(
            model_name="redemption",
            name="currency",
            field=models.CharField(blank=True, max_length=40, verbose_name="point currency"),
        ),
        migrations.AddField(
            model_name="redemption",
            name="hold",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="redemption",
                to="loyalty.pointshold",
                verbose_name="points held",
            ),
        ),
        migrations.AddField(
            model_name="redemption",
            name="money_currency",
            field=models.CharField(blank=True, max_length=3),
        ),
        migrations.AddField(
            model_name="redemption",
            name="money_minor",
            field=models.BigIntegerField(default=0, verbose_name="money besides"),
        ),
        migrations.AddField(
            model_name="redemption",
            name="money_reference",
            field=models.CharField(blank=True, max_length=120, verbose_name="payment"),
        ),
        migrations.AddField(
            model_name="redemption",
            name="money_state",
            field=models.CharField(
                blank=True,
                choices=[("", "none"), ("due", "to be paid"), ("confirmed", "paid")],
                default="",
                max_length=9,
                verbose_name="money",
            ),
        ),
        migrations.AddField(
            model_name="redemption",
            name="request",
            field=models.CharField(blank=True, editable=False, max_length=120, null=True),
        ),
        migrations.AddField(
            model_name="redemption",
            name="reserved_until",
            field=models.DateTimeField(blank=True, null=True, verbose_name="reserved until"),
        ),
        migrations.AddField(
            model_name="reward",
            name="body",
            field=models.JSONField(blank=True, default=dict, editable=False),
        ),
        migrations.AddField(
            model_name="reward",
            name="kind",
            field=models.CharField(default="free_product", editable=False, max_length=20, verbose_name="kind"),
        ),
        migrations.AddField(
            model_name="reward",
            name="picture",
            field=models.CharField(blank=True, editable=False, max_length=64, verbose_name="picture"),
        ),
        migrations.AddField(
            model_name="reward",
            name="takeable",
            field=models.BooleanField(default=True, editable=False, verbose_name="can be taken"),
        ),
        migrations.AddField(
            model_name="reward",
            name="terms_nl",
            field=models.TextField(blank=True, verbose_name="terms in Dutch"),
        ),
        migrations.AlterField(
            model_name="redemption",
            name="state",
            field=models.CharField(
                choices=[
                    ("reserved", "reserved"),
                    ("redeemed", "redeemed"),
                    ("used", "used"),
                    ("canceled", "canceled"),
                    ("lapsed", "reservation ended"),
                ],
                default="redeemed",
                max_length=10,
                verbose_name="state",
            ),
        ),
        migrations.AlterField(
            model_name="reward",
            name="currency",
            field=models.CharField(blank=True, max_length=40, verbose_name="point currency"),
        ),
        migrations.AddIndex(
            model_name="redemption",
            index=models.Index(
                condition=models.Q(("state", "reserved")), fields=["reserved_until"], name="redemption_reserved"
            ),
        ),
        migrations.AddConstraint(
            model_name="redemption",
            constraint=models.UniqueConstraint(fields=("enrollment", "request"), name="redemption_request_once"),
        ),
        migrations.AddConstraint(
            model_name="redemption",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("entry__isnull", False), ("given_for__isnull", True)),
                    models.Q(("entry__isnull", True), ("given_for__isnull", False), ("price", 0)),
                    models.Q(("entry__isnull", True), ("given_for__isnull", True), ("price", 0)),
                    models.Q(("entry__isnull", True), ("given_for__isnull", True), ("hold__isnull", False)),
                    _connector="OR",
                ),
                name="redemption_paid_held_or_free",
            ),
        ),
        migrations.AddConstraint(
            model_name="redemption",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("money_minor__gte", 0),
                    models.Q(("money_minor", 0), models.Q(("money_state", ""), _negated=True), _connector="OR"),
                ),
                name="redemption_money_accounted",
            ),
        ),
        migrations.AddConstraint(
            model_name="reward",
            constraint=models.CheckConstraint(condition=models.Q(("price__gte", 0)), name="reward_price_not_negative"),
        ),
        migrations.AddField(
            model_name="donation",
            name="redemption",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="donation",
                to="rewards.redemption",
                verbose_name="redemption",
            ),
        ),
        migrations.AddField(
            model_name="fulfilment",
            name="redemption",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="fulfilment",
                to="rewards.redemption",
                verbose_name="redemption",
            ),
        ),
        migrations.AddField(
            model_name="storecredit",
            name="member",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="store_credit",
                to="members.member",
                verbose_name="member",
            ),
        ),
        migrations.AddField(
            model_name="storecreditline",
            name="credit",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="lines",
                to="rewards.storecredit",
                verbose_name="credit",
            ),
        ),
        migrations.AddField(
            model_name="storecreditline",
            name="redemption",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="rewards.redemption",
                verbose_name="redemption",
            ),
        ),
        migrations.AddField(
            model_name="voucher",
            name="redemption",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="voucher",
                to="rewards.redemption",
                verbose_name="redemption",
            ),
        ),
        migrations.AddField(
            model_name="voucheruse",
            name="returned_use",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="returns",
                to="rewards.voucheruse",
                verbose_name="gives back",
            ),
        ),
        migrations.AddField(
            model_name="voucheruse",
            name="voucher",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="uses",
                to="rewards.voucher",
                verbose_name="voucher",
            ),
        ),
        migrations.AddField(
            model_name="waitingplace",
            name="enrollment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="waiting_places",
                to="loyalty.enrollment",
                verbose_name="enrollment",
            ),
        ),
        migrations.AddField(
            model_name="waitingplace",
            name="redemption",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="rewards.redemption",
                verbose_name="redemption",
            ),
        ),
        migrations.AddField(
            model_name="waitingplace",
            name="reward",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="waiting",
                to="rewards.reward",
                verbose_name="reward",
            ),
        ),
        migrations.AddIndex(
            model_name="donation",
            index=models.Index(fields=["cause", "money_currency"], name="donation_of_cause"),
        ),
        migrations.AddConstraint(
            model_name="donation",
            constraint=models.CheckConstraint(condition=models.Q(("amount_minor__gt", 0)), name="donation_positive"),
        ),
        migrations.AddIndex(
            model_name="fulfilment",
            index=models.Index(fields=["state", "created_at"], name="fulfilment_queue"),
        ),
        migrations.AddConstraint(
            model_name="storecredit",
            constraint=models.UniqueConstraint(fields=("member", "money_currency"), name="store_credit_once"),
        ),
        migrations.AddConstraint(
            model_name="storecredit",
            constraint=models.CheckConstraint(
                condition=models.Q(("balance_minor__gte", 0)), name="store_credit_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="voucher",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("balance_minor__isnull", True), ("original_minor__isnull", True)),
                    models.Q(("balance_minor__gte", 0), ("balance_minor__lte", models.F("original_minor"))),
                    _connector="OR",
                ),
                name="voucher_balance_within_amount",
            ),
        ),
        migrations.AddIndex(
            model_name="waitingplace",
            index=models.Index(condition=models.Q(("state", "waiting")), fields=["reward", "id"], name="waiting_next"),
        ),
        migrations.AddConstraint(
            model_name="waitingplace",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "waiting")), fields=("reward", "enrollment"), name="waiting_once"
            ),
        ),
    ]
