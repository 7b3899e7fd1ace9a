"""What is wrong with a file as a whole, in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.errors import Conflict, InvalidInput


class UnreadableFile(InvalidInput):
    """The file can't be read to its end; nothing of it was booked. context: line, where it is known."""

    code = "unreadable_file"
    title = _("The file can't be read.")


class FileTooLarge(InvalidInput):
    code, status = "file_too_large", 413
    title = _("The file is too large.")
    hint = _("Split it: several files of one source are imported one after another.")


class ColumnsUnclear(InvalidInput):
    """The columns of a CSV don't say enough to make rows of it."""

    code = "columns_unclear"
    title = _("It isn't clear what the columns mean.")


class ImportStateConflict(Conflict):
    """What was asked for doesn't fit the state that the import is in."""

    code = "import_state"
    title = _("The import isn't in a state for that.")


class ImportStuck(Conflict):
    code = "import_stuck"
    title = _("The import was taken up several times and came no further.")
    hint = _("What is in is in. Start it again when the machine is less busy, or ask us to look.")
