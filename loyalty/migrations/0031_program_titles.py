"""A program's published name in every language that it is written in; so far only the English one stood beside it."""

from django.db import migrations, models


def titles_fill(apps, schema_editor):
    """From the version that was published last, which is where the name beside it comes from."""
    versions = apps.get_model("loyalty", "ProgramVersion")
    for program in apps.get_model("loyalty", "Program").objects.all():
        last = versions.objects.filter(program=program, withdrawal__isnull=True).order_by("-number").first()
        name = last.document.get("program", {}).get("name") if last is not None else None
        if isinstance(name, dict):
            program.titles = name
            program.save(update_fields=["titles"])


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0030_draft_changed")]

    operations = [
        migrations.AddField(
            model_name="program",
            name="titles",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.RunPython(titles_fill, migrations.RunPython.noop),
    ]
