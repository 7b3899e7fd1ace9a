"""A return takes of every lot what it has itself before any of them draws on others."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0018_given_before")]
    operations = [migrations.RunSQL((SQL / "0023_takes.sql").read_text(), migrations.RunSQL.noop)]
