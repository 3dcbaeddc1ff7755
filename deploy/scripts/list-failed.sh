#!/bin/sh
# Lists runs that failed, newest first: a table, or JSON with --json.
#
#   deploy/scripts/list-failed.sh [--limit N] [--since TIME] [--state STATE] [--code CODE] [--case CASE]
#                                 [--agent NAME] [--skill NAME] [--json]
#
# TIME is RFC 3339, or a span such as 30m, 2h or 7d. STATE is open, redriving, redriven, discarded or all;
# open when left out. The API is at AOS_URL; its key is in AOS_API_KEY, or in the file AOS_API_KEY_FILE.
#
# Exit codes: 0 done, 2 it cannot be done as asked, 3 the API cannot be reached, or refuses.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=deploy/scripts/api.sh
. "$here/api.sh"

limit=50
state=open
since=
json=false
query=

while [ $# -gt 0 ]; do
  case $1 in
    --json) json=true; shift; continue ;;
    -h | --help) usage 0 ;;
    --limit | --since | --state | --code | --case | --agent | --skill) ;;
    *) fail_usage "unknown option: $1" ;;
  esac
  [ $# -ge 2 ] || fail_usage "$1 needs a value"
  case $1 in
    --limit) limit=$2 ;;
    --since) since=$2 ;;
    --state) state=$2 ;;
    *) query="$query&${1#--}=$(encoded "$2")" ;;
  esac
  shift 2
done

case $limit in
  '' | *[!0-9]*) fail_usage "--limit needs a whole number, not $limit" ;;
esac
if [ "$limit" -lt 1 ] || [ "$limit" -gt 200 ]; then fail_usage "--limit must be from 1 to 200"; fi
[ "$state" = all ] || query="$query&state=$(encoded "$state")"
[ -z "$since" ] || query="$query&failedAfter=$(encoded "$(time_of "$since")")"

call GET "/admin/failed-runs?limit=$limit$query"
if $json; then
  cat "$answer"
  echo
else
  # Of the columns, the last one is cut where it gets too long to read.
  flattened "$answer" | LC_ALL=C awk -F '\t' '
    function line(a, b, c, d, e, f) { printf "%-40s  %-9s  %-20s  %-12s  %-20s  %s\n", a, b, c, d, e, f }
    BEGIN { line("RUN", "STATE", "CODE", "STEP", "FAILED", "FAILURE") }
    { split($1, part, ".") }
    part[1] == "items" { sub(/^items\.[0-9]+\./, "", $1); of[part[2] + 0, $1] = $2; last = part[2] + 1 }
    $1 == "nextCursor" && $2 != "null" { more = 1 }
    END {
      for (nth = 0; nth < last; nth++) {
        failed = of[nth, "failedAt"]
        sub(/\.[0-9]+Z$/, "Z", failed)
        step = of[nth, "step.key"]
        line(of[nth, "runId"], of[nth, "state"], of[nth, "failure.code"], step == "" ? "-" : step, failed,
             substr(of[nth, "failure.detail"], 1, 100))
      }
      if (more) print "There are more: raise --limit, or narrow the list."
    }'
fi
