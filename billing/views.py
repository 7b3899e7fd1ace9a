"""Where Stripe's webhooks arrive."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing.errors import WebhookRefused
from billing.hookaccounts import account_kept, account_read
from billing.webhooks import webhook_take


@csrf_exempt
@require_POST
def stripe_hook(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """200 for what is kept, new or known; 400 for what isn't the account's, with a word why."""
    try:
        _take(request, public_id)
    except WebhookRefused as error:
        return HttpResponse(f"{error.code}\n", status=error.status, content_type="text/plain")
    return HttpResponse("ok\n", content_type="text/plain")


def _take(request: HttpRequest, public_id: UUID) -> None:
    signature = request.headers.get("Stripe-Signature", "")
    kept = account_kept(public_id)
    if kept is not None:
        try:
            webhook_take(connection=kept, body=request.body, signature=signature)
        except WebhookRefused:
            # By what was known a moment ago: what is true now decides.
            pass
        else:
            return
    connection = account_read(public_id)
    if connection is None:
        raise Http404
    webhook_take(connection=connection, body=request.body, signature=signature)
