#!/usr/bin/env bash
# Holds that every relative link of every Markdown page leads to a file that is there, and to a heading where it
# names one. The samples are documents of other people in the story and are left alone.
set -euo pipefail
cd "$(dirname "$0")/.."

# Lines outside of fenced code.
prose() { awk '/^ *```/ { fenced = !fenced; next } !fenced' "$1"; }

# GitHub's names of the headings of a page.
headings() {
    prose "$1" | sed -nE 's/^#+ +//p' | tr '[:upper:]' '[:lower:]' | sed -E 's/[^[:alnum:] _-]//g; s/ /-/g'
}

broken=0
while IFS= read -r page; do
    [ -f "$page" ] || continue
    while IFS= read -r target; do
        path=${target%%#*}
        file=$page
        [ -z "$path" ] || file=$(dirname "$page")/$path
        if [ ! -e "$file" ]; then
            echo "$page: there is no $target" >&2
            broken=1
        elif [[ $target == *#* && $file == *.md ]] && ! grep -qxF -- "${target#*#}" <(headings "$file"); then
            echo "$page: there is no heading $target" >&2
            broken=1
        fi
    done < <(prose "$page" | sed -E 's/`[^`]*`//g' | grep -oE '\]\([^) ]+' | cut -c3- | grep -vE '^[a-z]+:' || true)
done < <(git ls-files --cached --others --exclude-standard -- '*.md' ':!samples')
exit "$broken"
