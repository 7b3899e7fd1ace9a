"""What rewards promise, and the one function that proves every promise of every room."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("rewards", "0001_initial"), ("loyalty", "0002_functions")]
    operations = [
        migrations.RunSQL(
            (SQL / "0001_invariants.sql").read_text(),
            "DROP FUNCTION ledger_invariants(timestamptz); DROP FUNCTION rewards_invariants(timestamptz);",
        )
    ]
