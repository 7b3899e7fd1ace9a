"""Testers of a canceled panel aren't under way: the index of those who are has them no more."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("panels", "0002_canceling"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="participation",
            name="panel_testers_under_way",
        ),
        migrations.AddIndex(
            model_name="participation",
            index=models.Index(
                condition=models.Q(("state__in", ["declined", "lapsed", "canceled", "closed"]), _negated=True),
                fields=["state"],
                name="panel_testers_under_way",
            ),
        ),
    ]
