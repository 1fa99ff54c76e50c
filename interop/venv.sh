#!/bin/sh
# Makes the virtual environment .venv from requirements.txt, here or in the folder below that is named, unless it is
# there and complete.
# PYTHON names the interpreter to use; python3 by default.
set -eu
cd "$(dirname "$0")/${1:-.}"
stamp=.venv/requirements.sum
sum=$(cksum <requirements.txt)
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$sum" ]; then
    exit 0
fi
"${PYTHON:-python3}" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
printf '%s\n' "$sum" >"$stamp"
