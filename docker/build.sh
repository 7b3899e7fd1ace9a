#!/usr/bin/env bash
# The image's steps, each runnable without Docker: build.sh packages | messages | static | user | all
#   packages  runtime packages into $VENV (default /opt/venv), byte-compiled
#   messages  locale/*.po into .mo
#   static    static files gathered, compressed and given their hashed names
#   user      the account that the container runs as
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
VENV="${VENV:-/opt/venv}"
PYTHON="${PYTHON:-$VENV/bin/python}"
unset PYTHONDONTWRITEBYTECODE

packages() {
    python3 -m venv "$VENV"
    "$VENV/bin/pip" install --no-cache-dir --disable-pip-version-check --requirement requirements.txt
}

messages() {
    # polib serves the build only, so it stays out of the runtime's packages; its version is the developers'.
    if ! "$PYTHON" -c "import polib" 2>/dev/null; then
        tools="$(mktemp -d)"
        trap 'rm -rf "$tools"' EXIT
        "$VENV/bin/pip" install --no-cache-dir --disable-pip-version-check --target "$tools" \
            "$(grep -E '^polib==' requirements-dev.txt)"
        export PYTHONPATH="$tools"
    fi
    "$PYTHON" bin/messages.py compile
}

static() {
    # Settings refuse to load without secrets; these exist for this one command and are in no layer.
    SECRET_KEY="$("$PYTHON" -c 'import secrets; print(secrets.token_urlsafe(64))')" \
    MASTER_KEYS="$("$PYTHON" -c 'import base64, os; print(base64.b64encode(os.urandom(32)).decode())')" \
    DJANGO_SETTINGS_MODULE=config.settings.production \
        "$PYTHON" manage.py collectstatic --noinput --verbosity 0 --ignore redoc
    "$PYTHON" -m compileall -q analytics billing config core engagement loyalty members partners rewards tenants
}

user() {
    groupadd --gid 10001 stamgast
    useradd --uid 10001 --gid 10001 --home-dir /app --no-create-home --shell /usr/sbin/nologin stamgast
    install -d -o stamgast -g stamgast -m 0750 /app/var
}

case "${1:-all}" in
    packages | messages | static | user) "$1" ;;
    all) packages && messages && static && user ;;
    *) echo "build.sh: unknown step '$1'" >&2 && exit 64 ;;
esac
