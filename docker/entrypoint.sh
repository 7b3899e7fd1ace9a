#!/usr/bin/env bash
# What a container does: entrypoint.sh web | worker | provisioner | beat | migrate | manage ARGS…
# A variable NAME can also be given as NAME_FILE, the path of a file that holds it (Docker's and Kubernetes' secrets).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PYTHON="${PYTHON:-/opt/venv/bin/python}"
export DJANGO_SETTINGS_MODULE="${DJANGO_SETTINGS_MODULE:-config.settings.production}"
role="${1:-web}"
[ $# -eq 0 ] || shift

for name in SECRET_KEY MASTER_KEYS DATABASE_URL DATABASE_OWNER_URL REDIS_URL EMAIL_URL; do
    file="${name}_FILE"
    if [ -n "${!file:-}" ]; then
        export "$name=$(cat "${!file}")"
        unset "$file"
    fi
done

# Only what migrates and provisions may know the owner's password.
as_guest() { unset DATABASE_OWNER_URL STAMGAST_DB_ROLE; }
as_owner() { : "${DATABASE_OWNER_URL:?the owner\'s database address is missing}" && export STAMGAST_DB_ROLE=owner; }

celery() { exec "$PYTHON" -m celery -A config.celery:app "$@" --loglevel "${LOG_LEVEL:-INFO}"; }

case "$role" in
    web)
        as_guest
        exec "$PYTHON" -m granian --interface wsgi config.wsgi:application \
            --host "${HOST:-0.0.0.0}" --port "${PORT:-8000}" --no-ws --respawn-failed-workers \
            --workers "${WEB_WORKERS:-2}" --blocking-threads "${WEB_THREADS:-4}" --workers-kill-timeout 10
        ;;
    worker)
        as_guest
        celery worker --hostname "worker@%h" --queues celery --concurrency "${WORKER_CONCURRENCY:-2}" \
            --without-gossip --without-mingle
        ;;
    provisioner)
        as_owner
        celery worker --hostname "provisioner@%h" --queues provision --pool solo --without-gossip --without-mingle
        ;;
    beat)
        as_guest
        celery beat --pidfile=
        ;;
    migrate)
        as_owner
        "$PYTHON" manage.py platform_init
        exec "$PYTHON" manage.py brands_migrate
        ;;
    manage)
        exec "$PYTHON" manage.py "$@"
        ;;
    *)
        echo "entrypoint.sh: unknown role '$role' (web, worker, provisioner, beat, migrate, manage)" >&2
        exit 64
        ;;
esac
