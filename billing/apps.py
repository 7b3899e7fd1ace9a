from __future__ import annotations

from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"

    def ready(self) -> None:
        from billing.access import access_changed
        from billing.checks import section_problems
        from billing.foretelling import plans_foretold
        from billing.metering import use_drop, use_take
        from billing.passes import pass_times
        from billing.plans import document_plans_checked, plans_follow
        from billing.portal.wiring import pages_register
        from billing.section import DIFFERENCE_WORDS, SECTION, BillingSection
        from billing.telling import TOPICS, take_back, tell_program
        from billing.unused import unused_night
        from billing.winback import winback_night
        from core.outbox import handler
        from loyalty.definition.difference import difference_words
        from loyalty.definition.sections import section_register
        from loyalty.nightly import night_step
        from loyalty.planuse import pass_bought_register, use_taker_register
        from loyalty.publishchecks import on_publish_asked, on_publish_check, on_published

        pages_register()
        section_register(SECTION, BillingSection, section_problems)
        difference_words(DIFFERENCE_WORDS)
        on_publish_check(document_plans_checked)
        on_publish_asked(plans_foretold)
        on_published(plans_follow)
        night_step("notices")(winback_night)
        night_step("notices")(unused_night)
        use_taker_register(use_take, use_drop)
        pass_bought_register(pass_times)
        handler("subscription.access_changed")(access_changed)
        handler("invoice.refunded")(take_back)
        for topic in TOPICS:
            handler(topic)(tell_program)
        boxes_register()
        sealed_register()


def boxes_register() -> None:
    """What boxes bring: a page, events that earn, and addresses that are sealed."""
    from billing.boxes import pages, words
    from billing.boxes.addressing import PURPOSE
    from billing.portal.parts import membership_part
    from core.outbox import handler
    from core.resealing import sealed_place
    from loyalty.home import member_link

    member_link(pages.menu_links)
    membership_part("billing/boxes_part.html", pages.membership_part_read)
    for topic in words.TOPICS:
        handler(topic)(words.tell_program)
    handler("shipment.returned")(words.take_back)
    sealed_place("billing_shipment", "address", PURPOSE)
    sealed_place("billing_boxhabit", "address", PURPOSE)


def sealed_register() -> None:
    """Where what is sealed lies: keys and secrets, who invoices are for, and what Stripe sent."""
    from billing.bodies import PURPOSE as EVENT_PURPOSE
    from billing.customers import PURPOSE as INVOICE_PURPOSE
    from billing.gateway import KEY_PURPOSE, OLD_SECRET_PURPOSE, SECRET_PURPOSE
    from core.resealing import sealed_place

    sealed_place("billing_stripeconnection", "sealed_key", KEY_PURPOSE)
    sealed_place("billing_billingprofile", "sealed", INVOICE_PURPOSE)
    sealed_place("billing_stripeconnection", "sealed_secret", SECRET_PURPOSE)
    sealed_place("billing_stripeconnection", "sealed_old_secret", OLD_SECRET_PURPOSE)
    sealed_place("billing_stripeevent", "sealed_body", EVENT_PURPOSE)
    sealed_place("billing_quarantinedevent", "sealed_body", EVENT_PURPOSE)
    sealed_place("billing_quarantinedevent", "sealed_known", EVENT_PURPOSE)
