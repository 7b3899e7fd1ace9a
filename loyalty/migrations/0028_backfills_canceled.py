from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("loyalty", "0027_tiers_read"),
    ]

    operations = [
        migrations.AddField(
            model_name="counterbackfill",
            name="canceled_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="canceled at"),
        ),
    ]
