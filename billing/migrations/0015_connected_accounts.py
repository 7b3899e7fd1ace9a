from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0014_disputes_and_settled_quarantine"),
    ]

    operations = [
        migrations.AddField(
            model_name="stripeconnection",
            name="asked_by",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="stripeconnection",
            name="charges_enabled",
            field=models.BooleanField(db_default=True, default=True, editable=False, verbose_name="can take payments"),
        ),
        migrations.AddField(
            model_name="stripeconnection",
            name="disconnected_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="disconnected at"),
        ),
        migrations.AddField(
            model_name="stripeconnection",
            name="requirements",
            field=models.JSONField(default=list, editable=False),
        ),
        migrations.AlterField(
            model_name="stripeconnection",
            name="health",
            field=models.CharField(
                choices=[
                    ("good", "works"),
                    ("key_refused", "Stripe refuses the key"),
                    ("disconnected", "disconnected"),
                ],
                default="good",
                editable=False,
                max_length=12,
                verbose_name="state",
            ),
        ),
    ]
