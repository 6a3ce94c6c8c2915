#!/bin/bash
# pg_dump: definitions, and data, which must be T'.
for arguments in --schema-only '--schema-only --schema=public' '--schema-only --table=customers' '--schema-only --table=products --clean --if-exists' \
  '--data-only --table=products' '--data-only --table=customers' '--data-only --table=orders --inserts' '--data-only --table=messages_1 --column-inserts'; do
  # shellcheck disable=SC2086
  output=$(pg_dump --no-sync --no-owner $arguments 2>&1 | grep -vE '^(--|$|SELECT pg_catalog.set_config|\\(un)?restrict)' | sed -E 's/\b(e2e_raw|tp_marketing)\b/DB/g' | LC_ALL=C sort)
  python3 -c 'import json, sys, hashlib; text = sys.stdin.read(); print(json.dumps({"step": "pg_dump " + sys.argv[1], "got": text if "error" in text or len(text) < 400 else
    [len(text), hashlib.sha256(text.encode()).hexdigest()[:16]]}))' "$arguments" <<<"$output"
done
