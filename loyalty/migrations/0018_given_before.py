"""What was given before isn't fallen back to when what was earned above it goes."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0017_tier_invitations")]
    operations = [migrations.RunSQL((SQL / "0022_context.sql").read_text(), migrations.RunSQL.noop)]
