from __future__ import annotations

from django.urls import include, path

from billing import views

urlpatterns = [
    path("hooks/stripe/<uuid:public_id>/", views.stripe_hook, name="billing_stripe_hook"),
    path("", include("billing.portal.urls")),
]
