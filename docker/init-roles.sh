#!/usr/bin/env bash
# Runs once, in PostgreSQL's container, when its data folder is empty: the owner's role, the guest's role, the database.
set -euo pipefail
: "${STAMGAST_OWNER_PASSWORD:?}" "${STAMGAST_APP_PASSWORD:?}"
psql -X -q -v ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname "${POSTGRES_DB:-postgres}" \
    --file "${ROLES_SQL:-/stamgast/roles.sql}"
