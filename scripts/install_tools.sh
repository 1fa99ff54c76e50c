#!/usr/bin/env bash
# Installs what the tests need and the machine lacks: Redis, Python with venv, Chromium, in which Flower is looked at,
# and setpriv, which ends a test's children with it. What cannot be installed is said; the tests that need it say so too, or fail under CI.
set -euo pipefail
need=()
command -v redis-server >/dev/null || need+=(redis-server)
python3 -c 'import venv, ensurepip' 2>/dev/null || need+=(python3-venv)
command -v chromium >/dev/null || command -v google-chrome >/dev/null || need+=(chromium)
command -v setpriv >/dev/null || need+=(util-linux)
if [ ${#need[@]} -eq 0 ]; then exit 0; fi
if ! command -v apt-get >/dev/null; then
    echo "please install: ${need[*]}" >&2
    exit 0
fi
sudo=
if [ "$(id -u)" -ne 0 ]; then sudo=sudo; fi
install() { $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${need[@]}"; }
install || echo "could not install: ${need[*]}" >&2
