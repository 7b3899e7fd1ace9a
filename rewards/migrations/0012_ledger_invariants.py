"""The proof of the ledger asks for what no foreign key holds, too."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("rewards", "0011_codes_come_back"), ("loyalty", "0025_bonds_held_by_the_booking")]
    operations = [migrations.RunSQL((SQL / "0005_ledger_invariants.sql").read_text(), migrations.RunSQL.noop)]
