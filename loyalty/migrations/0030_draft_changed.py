"""Who changed a program's draft last, and when: told to whoever wanted to change or publish it meanwhile."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0029_reads_in_two_statements")]

    operations = [
        migrations.AddField(
            model_name="program",
            name="draft_changed_by",
            field=models.CharField(blank=True, default="", max_length=120),
        ),
        migrations.AddField(
            model_name="program",
            name="draft_changed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
