"""The loyalty room's jobs and their steps in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.jobwords import job_words

NIGHT = {
    "activate": _("points that become active"),
    "rewards": _("what the day gives"),
    "tiers": _("tiers whose period ends"),
    "expire": _("points that expire"),
    "balances": _("tiers by balance"),
    "notices": _("notices beforehand"),
}


def jobs_name() -> None:
    job_words("nightly", _("Nightly work"), NIGHT)
    job_words("tiers_recalculate", _("Members of a changed ladder"))
