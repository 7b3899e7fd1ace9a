"""Lists of a brand can hold millions of rows: none of them is counted to the end."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

MOST = 10_000


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # generic in its stubs alone
    """Counts up to MOST rows and no further; what lies beyond is reached by searching or filtering."""

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        if isinstance(rows, QuerySet):
            return rows.order_by()[:MOST].count()
        return len(rows)
