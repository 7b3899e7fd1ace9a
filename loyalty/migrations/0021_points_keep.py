"""What waits in a shared account isn't off because its earner has left."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0020_orders_of_sources")]
    operations = [migrations.RunSQL((SQL / "0025_keep.sql").read_text(), migrations.RunSQL.noop)]
