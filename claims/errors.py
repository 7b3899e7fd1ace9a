"""What the claims room refuses: nothing was kept, nothing was given."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.errors import Conflict, DomainError, InvalidInput


class ClaimTypeUnknown(InvalidInput):
    code = "unknown_claim_type"
    title = _("This can't be claimed now.")


class ProofMissing(InvalidInput):
    code = "proof_missing"
    title = _("The proof is missing.")


class FileRefused(InvalidInput):
    """The file is too large, broken, or of a kind that isn't taken."""

    code = "file_refused"
    title = _("This file can't be used.")


class ClaimsWaiting(Conflict):
    code = "claims_waiting"
    title = _("As many are waiting as may wait at once.")
    to_member = _("You have sent as many as may wait at once.")
    hint = _("We look at them as soon as we can; send the next one after that.")


class ClaimedOften(Conflict):
    code = "claimed_often"
    title = _("This was claimed as often as it may be in this time.")


class ClaimDecided(Conflict):
    """context: state and decided_by, of whoever was first."""

    code = "claim_decided"
    title = _("This claim was decided already.")
    hint = _("Look at the claim again: somebody else was first, or the member took it back.")


class CheckInDecided(Conflict):
    code = "check_in_decided"
    title = _("This check-in isn't held any more.")


class CodeInvalid(DomainError):
    code, status = "check_in_code_invalid", 422
    title = _("This code is none of ours.")
    hint = _("Scan the code on the screen once more.")


class TooManyTries(DomainError):
    code, status = "too_many_tries", 429
    title = _("This was tried too often.")
    to_member = _("You tried too often.")
    hint = _("Wait a quarter of an hour and try again.")


class CheckInWayOff(DomainError):
    """The program takes no check-ins by this way."""

    code, status = "check_in_way_off", 409
    title = _("This way of checking in is switched off.")


class PlaceUnknown(InvalidInput):
    code = "unknown_place"
    title = _("There is no such place.")


class NoPlaceNear(Conflict):
    code = "no_place_near"
    title = _("There is no place near this position to check in at.")
    to_member = _("There is no place near you where you can check in.")
