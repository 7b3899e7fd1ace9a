"""Every further list of the document gets rows, as currencies, ladders and rules have; shared caps move into them."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models


def lists_into_rows(apps: Any, schema_editor: Any) -> None:
    program_model, part_model = apps.get_model("loyalty", "Program"), apps.get_model("loyalty", "DraftPart")
    for program in program_model.objects.all():
        lists = {name: value for name, value in program.settings.items() if isinstance(value, list)}
        for kind, pieces in lists.items():
            for position, piece in enumerate(pieces):
                body = {key: value for key, value in piece.items() if key != "code"}
                part_model.objects.create(program=program, kind=kind, code=piece["code"], position=position, body=body)
        if lists:
            program.settings = {key: value for key, value in program.settings.items() if key not in lists}
            program.save(update_fields=["settings"])


def rows_into_lists(apps: Any, schema_editor: Any) -> None:
    part_model = apps.get_model("loyalty", "DraftPart")
    for part in part_model.objects.select_related("program").order_by("program_id", "position"):
        program = apps.get_model("loyalty", "Program").objects.get(pk=part.program_id)
        program.settings.setdefault(part.kind, []).append({**part.body, "code": part.code})
        program.save(update_fields=["settings"])


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0004_book_sections")]
    operations = [
        migrations.CreateModel(
            name="DraftPart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveIntegerField(default=0, verbose_name="position")),
                ("body", models.JSONField(default=dict, verbose_name="definition")),
                ("kind", models.CharField(max_length=40, verbose_name="list")),
                ("code", models.CharField(max_length=120, verbose_name="code")),
                (
                    "program",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="parts",
                        to="loyalty.program",
                        verbose_name="program",
                    ),
                ),
            ],
            options={
                "verbose_name": "part of the program",
                "verbose_name_plural": "parts of the program",
                "ordering": ["position", "id"],
                "abstract": False,
                "constraints": [models.UniqueConstraint(fields=("program", "kind", "code"), name="part_code_once")],
            },
        ),
        migrations.RunPython(lists_into_rows, rows_into_lists),
    ]
