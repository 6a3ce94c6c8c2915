#!/bin/bash
# psql: every backslash command that reads the catalog; one line of JSON each.
for command in '\d' '\d+' '\da' '\dA' '\dA+' '\dAc' '\dAf' '\dAo' '\dAp' '\db' '\db+' '\dc' '\dC' '\dC+' '\dconfig' '\dd' '\dD' '\dD+' \
  '\ddp' '\dE' '\det' '\des' '\deu' '\dew' '\df' '\df+' '\dfn' '\dF' '\dFd' '\dFp' '\dFt' '\dg' '\dg+' '\di' '\di+' '\dl' '\dL' '\dL+' '\dm' '\dm+' \
  '\dn' '\dn+' '\do' '\dO' '\dp' '\dP' '\dPt+' '\drds' '\dRp' '\dRs' '\ds' '\ds+' '\dt' '\dt+' '\dT' '\dT+' '\du' '\dv' '\dv+' '\dx' '\dx+' '\dX' '\dy' \
  '\l' '\z' '\sv v_contacts' '\sf price_with_tax' '\d customers' '\d+ customers' '\d orders' '\d messages' '\d+ messages' '\d v_contacts' '\d+ v_contacts' \
  '\d mv_mail' '\dt *.*' '\dp customers' '\dd customers' '\d hr.*' '\df *.*price*' '\dT+ tier' '\dD+ short_name' '\encoding' '\lo_list' '\dtS' '\dvS' '\dfS pg_read_file'; do
  output=$(psql -X -c "$command" 2>&1 | sed -E 's/[0-9]+ (bytes|kB|MB)/SIZE/g; s/pg_(toast|temp)_[0-9]+/pg_N/g; s/ +/ /g; s/-+/-/g; s/\b(e2e_raw|tp_marketing)\b/DB/g')
  python3 -c 'import json, sys, hashlib; text = sys.stdin.read(); print(json.dumps({"step": sys.argv[1], "got": text if "ERROR" in text or len(text) < 300 else
    [len(text), hashlib.sha256(text.encode()).hexdigest()[:16]]}))' "$command" <<<"$output"
done
