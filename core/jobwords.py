"""What jobs and their steps are called: a room says it once, in AppConfig.ready(); pages show it in their language."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise

_jobs: dict[str, str | Promise] = {}
_steps: dict[tuple[str, str], str | Promise] = {}


def job_words(job: str, name: str | Promise, steps: Mapping[str, str | Promise] | None = None) -> None:
    """name: of the job. steps: by the code that its runs tell. Translatable texts, read when they are shown."""
    _jobs[job] = name
    _steps.update({(job, code): words for code, words in (steps or {}).items()})


def job_name(job: str) -> str:
    """A job that nobody has named stands for itself."""
    return str(_jobs.get(job, job))


def step_name(job: str, step: str) -> str:
    return str(_steps.get((job, step), step))
