"""What the engine reads before it judges, as a function: planned once per connection instead of once per request."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"
DROP = """
DROP FUNCTION loyalty_context(text[], text[], uuid[], text[], text[], timestamptz, text[], text[], text[], timestamptz);
"""


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0002_functions")]
    operations = [migrations.RunSQL((SQL / "0004_context.sql").read_text(), DROP)]
