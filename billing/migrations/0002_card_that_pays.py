from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0001_plans_and_subscriptions"),
    ]

    operations = [
        migrations.AddField(
            model_name="subscription",
            name="card_brand",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=20, verbose_name="brand of the card"
            ),
        ),
        migrations.AddField(
            model_name="subscription",
            name="card_last4",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=4, verbose_name="card’s last digits"
            ),
        ),
        migrations.AddField(
            model_name="subscription",
            name="card_until",
            field=models.DateField(blank=True, null=True, verbose_name="card good until"),
        ),
    ]
