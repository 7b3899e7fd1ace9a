import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("rewards", "0015_low_stock"),
    ]

    operations = [
        migrations.AddField(
            model_name="benefit",
            name="pool",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="benefits",
                to="rewards.codepool",
                verbose_name="code pool",
            ),
        ),
        migrations.AddField(
            model_name="benefituse",
            name="pool_code",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="benefit_use",
                to="rewards.poolcode",
                verbose_name="code",
            ),
        ),
    ]
