"""Where events of all connected accounts arrive, at one address of the platform's: whose they are, the account says."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing.errors import WebhookRefused
from billing.gateway import is_live
from billing.models import StripeConnection
from billing.webhooks import event_read, event_take, signature_check
from tenants.context import brand_context
from tenants.models import BrandStatus, PaymentAccount

RETRY_AFTER_SECONDS = 30


def platform_hook_take(*, body: bytes, signature: str) -> bool:
    """Keep an event at the brand whose account it is of; whether it was new. WebhookRefused for all else: another's
    signature, the other mode, an account that is no brand's. In the public schema's context."""
    signature_check(list(settings.STRIPE_PLATFORM_SECRETS), body, signature)
    event = event_read(body)
    if event.get("livemode") is not is_live(settings.STRIPE_PLATFORM_KEY):
        raise WebhookRefused("The event is of the other mode.", code="webhook_mode")
    rows = PaymentAccount.objects.select_related("brand")
    found = rows.filter(account_id=str(event.get("account") or ""), livemode=event["livemode"]).first()
    if found is None:
        raise WebhookRefused("The event is of no brand's account.", code="webhook_account")
    if found.brand.status != BrandStatus.ACTIVE:
        raise WebhookRefused("The brand is closed just now.", code="webhook_brand", status=503)
    with brand_context(found.brand):
        mine = StripeConnection.objects.filter(mode=StripeConnection.Mode.CONNECT, livemode=found.livemode)
        connection = mine.filter(account_id=found.account_id).first()
        if connection is None:
            raise WebhookRefused("The event is of no brand's account.", code="webhook_account")
        return event_take(connection, event)


@csrf_exempt
@require_POST
def platform_hook(request: HttpRequest) -> HttpResponse:
    """200 for what is kept, new or known; 400 for what is no brand's, with a word why; 503 while a brand is closed."""
    try:
        platform_hook_take(body=request.body, signature=request.headers.get("Stripe-Signature", ""))
    except WebhookRefused as error:
        more = {"Retry-After": str(RETRY_AFTER_SECONDS)} if error.status == 503 else {}
        return HttpResponse(f"{error.code}\n", status=error.status, content_type="text/plain", headers=more)
    return HttpResponse("ok\n", content_type="text/plain")
