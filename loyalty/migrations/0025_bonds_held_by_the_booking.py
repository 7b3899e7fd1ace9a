"""What the booking's tables name is proven by loyalty_bonds(), not checked row by row (ADR 0015).

The entries' unique index finds an event's entries too, and what reverses an entry is found by one of its own.
"""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [
        ("loyalty", "0024_counter_backfills"),
        ("members", "0004_segment"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="pointsentry",
            name="entry_effect_once",
        ),
        migrations.RemoveIndex(
            model_name="pointsentry",
            name="entry_of_event",
        ),
        migrations.AlterField(
            model_name="event",
            name="member",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="events",
                to="members.member",
                verbose_name="member",
            ),
        ),
        migrations.AlterField(
            model_name="event",
            name="program",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="loyalty.program",
                verbose_name="program",
            ),
        ),
        migrations.AlterField(
            model_name="event",
            name="version",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="loyalty.programversion",
                verbose_name="judged by",
            ),
        ),
        migrations.AlterField(
            model_name="order",
            name="event",
            field=models.OneToOneField(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                primary_key=True,
                related_name="order",
                serialize=False,
                to="loyalty.event",
                verbose_name="event",
            ),
        ),
        migrations.AlterField(
            model_name="order",
            name="member",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="orders",
                to="members.member",
                verbose_name="member",
            ),
        ),
        migrations.AlterField(
            model_name="pointsentry",
            name="account",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="loyalty.pointsaccount",
                verbose_name="account",
            ),
        ),
        migrations.AlterField(
            model_name="pointsentry",
            name="event",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="loyalty.event",
                verbose_name="event",
            ),
        ),
        migrations.AlterField(
            model_name="pointsentry",
            name="reversal_of",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reversals",
                to="loyalty.pointsentry",
                verbose_name="reversal of",
            ),
        ),
        migrations.AlterField(
            model_name="pointsentry",
            name="transfer",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="loyalty.pointstransfer",
                verbose_name="transfer",
            ),
        ),
        migrations.AlterField(
            model_name="pointslot",
            name="account",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="lots",
                to="loyalty.pointsaccount",
                verbose_name="account",
            ),
        ),
        migrations.AlterField(
            model_name="pointslot",
            name="entry",
            field=models.OneToOneField(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                primary_key=True,
                related_name="lot",
                serialize=False,
                to="loyalty.pointsentry",
                verbose_name="entry",
            ),
        ),
        migrations.AlterField(
            model_name="progresscounter",
            name="enrollment",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="counters",
                to="loyalty.enrollment",
                verbose_name="enrollment",
            ),
        ),
        migrations.AddIndex(
            model_name="pointsentry",
            index=models.Index(
                condition=models.Q(("reversal_of__isnull", False)), fields=["reversal_of"], name="entry_reverses"
            ),
        ),
        migrations.AddConstraint(
            model_name="pointsentry",
            constraint=models.UniqueConstraint(
                fields=("event", "account", "effect"), name="entry_effect_once", nulls_distinct=False
            ),
        ),
        migrations.RunSQL((SQL / "0028_bonds_invariants.sql").read_text(), "DROP FUNCTION loyalty_bonds(timestamptz)"),
    ]
