"""The ledger's functions: the only statements that move points. The SQL files are part of this migration: never edited
once released, a changed function comes as a new file in a new migration."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"

DROP = """
DROP FUNCTION loyalty_invariants(timestamptz);
DROP FUNCTION loyalty_book(bigint[], bigint[], timestamptz, jsonb);
DROP FUNCTION points_take_back(jsonb, timestamptz);
DROP FUNCTION points_undo_spend(bigint, timestamptz, jsonb);
DROP FUNCTION points_collect_forgiven(bigint, bigint, timestamptz, jsonb);
DROP FUNCTION points_give(bigint, bigint, timestamptz, jsonb);
DROP FUNCTION points_spend(bigint, bigint, timestamptz, jsonb);
DROP FUNCTION points_settle_batch(bigint, timestamptz, integer);
DROP FUNCTION points_settle(bigint, timestamptz);
DROP FUNCTION points_expire(bigint[], timestamptz);
DROP FUNCTION points_activate(bigint[], timestamptz);
DROP FUNCTION points_repay(bigint, timestamptz);
DROP FUNCTION points_entry(bigint, timestamptz, jsonb);
DROP FUNCTION points_draw(bigint, bigint, bigint, timestamptz);
DROP INDEX entry_recorded;
"""


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0001_initial"), ("core", "0001_initial")]
    operations = [
        migrations.RunSQL(
            "\n".join((SQL / name).read_text() for name in ("0001_points.sql", "0002_book.sql", "0003_invariants.sql")),
            DROP,
        )
    ]
