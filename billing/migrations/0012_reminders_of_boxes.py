from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0011_meters"),
    ]

    operations = [
        migrations.AddField(
            model_name="boxhabit",
            name="reminded",
            field=models.BooleanField(default=True, verbose_name="told before a box closes"),
        ),
    ]
