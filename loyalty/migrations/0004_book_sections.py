"""Booking in a function per section, and a context that brings whole rows and what is known of the member."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0003_context"), ("members", "0003_member_facts")]
    operations = [
        migrations.RunSQL(
            "\n".join((SQL / name).read_text() for name in ("0005_book_sections.sql", "0006_context.sql"))
        )
    ]
