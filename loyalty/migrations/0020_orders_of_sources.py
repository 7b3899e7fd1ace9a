"""An order's number is its source's: in what lots wait for, and in what was spent on an order."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0019_takes")]
    operations = [migrations.RunSQL((SQL / "0024_context.sql").read_text(), migrations.RunSQL.noop)]
