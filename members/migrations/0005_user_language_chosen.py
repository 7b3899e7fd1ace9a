"""Staff are invited by others: until they choose a language themselves, they read in their browser's."""

from typing import Any

from django.db import migrations, models


def staff_have_not_chosen(apps: Any, schema_editor: Any) -> None:
    apps.get_model("members", "User").objects.filter(is_staff=True, member__isnull=True).update(language_chosen=False)


class Migration(migrations.Migration):
    dependencies = [("members", "0004_segment")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="language_chosen",
            field=models.BooleanField(default=True, verbose_name="language chosen"),
        ),
        migrations.RunPython(staff_have_not_chosen, migrations.RunPython.noop),
    ]
