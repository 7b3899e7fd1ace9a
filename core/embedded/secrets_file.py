"""The passwords of an embedded cluster: made once, kept beside its folder, readable by us alone."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from core.embedded.errors import EmbeddedError


@dataclass(frozen=True)
class ClusterSecrets:
    """Passwords by role, the port of the last start, and how far the roles and the database were prepared."""

    superuser: str
    owner: str
    app: str
    port: int = 0
    prepared: int = 0


def secrets_path(data_dir: Path) -> Path:
    """`<data_dir>.secrets.json`, beside the cluster: inside, it would belong to the server's account."""
    return data_dir.with_name(data_dir.name + ".secrets.json")


def secrets_load(data_dir: Path) -> ClusterSecrets:
    """The cluster's secrets, generated and stored on first use. Raises EmbeddedError for a file that isn't ours."""
    path = secrets_path(data_dir)
    if not path.exists():
        superuser, owner, app = (secrets.token_urlsafe(24) for _ in range(3))
        made = ClusterSecrets(superuser, owner, app)
        secrets_save(data_dir, made)
        return made
    try:
        return ClusterSecrets(**json.loads(path.read_text()))
    except (ValueError, TypeError) as error:
        raise EmbeddedError(f"{path} can't be read as the cluster's passwords: {error}") from error
    except PermissionError as error:
        raise EmbeddedError(f"{path} belongs to another user: run as that user, or remove {data_dir}") from error


def secrets_save(data_dir: Path, value: ClusterSecrets) -> None:
    """Write the file whole (rename), mode 0600."""
    path = secrets_path(data_dir)
    scratch = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(value), file)
    scratch.rename(path)


def secrets_note(data_dir: Path, value: ClusterSecrets, *, port: int, prepared: int) -> ClusterSecrets:
    """Store the port and the state of preparation where they changed."""
    noted = replace(value, port=port, prepared=prepared)
    if noted != value:
        secrets_save(data_dir, noted)
    return noted
