#!/bin/sh
# Builds static/css/app.css from assets/app.css and the templates. `--check` builds aside and exits 1 when the
# committed file is stale. TAILWINDCSS names another binary than the virtual environment's.
set -eu
cd "$(dirname "$0")/.."
tailwind="${TAILWINDCSS:-.venv/bin/tailwindcss}"
target=static/css/app.css
if [ ! -x "$tailwind" ]; then
    echo "css: $tailwind is not there; it comes with requirements-dev.txt" >&2
    exit 2
fi
if [ "${1:-}" != "--check" ]; then
    "$tailwind" --input assets/app.css --output "$target" --minify
    exit 0
fi
fresh="$(mktemp)"
trap 'rm -f "$fresh"' EXIT
"$tailwind" --input assets/app.css --output "$fresh" --minify 2>/dev/null
if ! cmp -s "$fresh" "$target"; then
    echo "css: $target is stale: run make css and commit it" >&2
    exit 1
fi
