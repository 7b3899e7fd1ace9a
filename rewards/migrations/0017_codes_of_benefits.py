"""The proof of the ledger knows that a code may be handed out as a use of a benefit."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("rewards", "0016_partners_codes")]
    operations = [migrations.RunSQL((SQL / "0007_partners_codes.sql").read_text(), migrations.RunSQL.noop)]
