"""The night's work planned for the chunks that it really has."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0014_lots_functions")]
    operations = [migrations.RunSQL((SQL / "0021_tiers_night.sql").read_text(), migrations.RunSQL.noop)]
