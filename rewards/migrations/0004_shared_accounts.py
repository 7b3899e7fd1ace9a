"""A redemption of somebody who shares an account stands on a spend of its head's."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("rewards", "0003_rewards_given"), ("loyalty", "0002_functions")]
    operations = [migrations.RunSQL((SQL / "0003_shared_accounts.sql").read_text(), migrations.RunSQL.noop)]
