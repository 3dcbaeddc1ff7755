#!/bin/sh
# Runs failed or finished runs again, by their ids or by a filter. First some canaries, then the rest at a rate;
# it stops by itself when a canary fails. Prints the operation as JSON with --json, else one line.
#
#   deploy/scripts/rerun.sh --mode MODE --reason WORDS [options] (RUN... | --outcome OUTCOME | --tag TAG | ...)
#
#   --mode retry|replay|replan   retry keeps finished steps, replay uses the stored plan, replan plans anew
#   --reason WORDS               why, for the record
#   --outcome, --agent, --tag, --skill, --error, --since   which runs, instead of their ids
#   --from-step KEY              with retry: this step and what depends on it run again, too
#   --patch FILE                 a JSON Patch of {goal, input, plan}
#   --rate N                     runs a second
#   --no-canary                  all at the rate at once
#   --idempotency-key KEY        the same key twice makes one operation
#   --dry-run                    only tell what it would be about
#   --wait                       until it has ended; 1 unless it was done
#   --json                       print the answer as it is
#
# The API is at AOS_URL; its key is in AOS_API_KEY, or in the file AOS_API_KEY_FILE.
#
# Exit codes: 0 done, 1 with --wait: it stopped or was aborted, 2 it cannot be done as asked, 3 the API cannot
# be reached, or refuses.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=deploy/scripts/api.sh
. "$here/api.sh"

mode=
reason=
body=
runs=
filter=
key=
dry=false
wait=false
json=false

member() { # NAME VALUE-AS-JSON
  body="$body,\"$1\":$2"
}

while [ $# -gt 0 ]; do
  case $1 in
    --dry-run) dry=true; shift; continue ;;
    --wait) wait=true; shift; continue ;;
    --json) json=true; shift; continue ;;
    --no-canary) member canary '[]'; shift; continue ;;
    -h | --help) usage 0 ;;
    --mode | --reason | --outcome | --agent | --tag | --skill | --error | --since | --from-step | --patch | --rate | --idempotency-key) ;;
    -*) fail_usage "unknown option: $1" ;;
    *) runs="$runs,$(quoted "$1")"; shift; continue ;;
  esac
  [ $# -ge 2 ] || fail_usage "$1 needs a value"
  case $1 in
    --mode) mode=$2 ;;
    --reason) reason=$2 ;;
    --from-step) member fromStep "$(quoted "$2")" ;;
    --idempotency-key) key=$2 ;;
    --since) filter="$filter,\"createdAfter\":$(quoted "$(time_of "$2")")" ;;
    --patch)
      [ -r "$2" ] || fail_usage "--patch: $2 cannot be read"
      member patch "$(cat "$2")"
      ;;
    --rate)
      case $2 in
        '' | . | *[!0-9.]* | *.*.*) fail_usage "--rate needs a number, not $2" ;;
      esac
      member ratePerSecond "$2"
      ;;
    *) filter="$filter,\"${1#--}\":$(quoted "$2")" ;;
  esac
  shift 2
done

[ -n "$mode" ] || fail_usage "--mode is missing: retry, replay or replan"
[ -n "$reason" ] || fail_usage "--reason is missing: why, for the record"
[ -z "$runs" ] || [ -z "$filter" ] || fail_usage "give either ids of runs or a filter, not both"
if [ -n "$runs" ]; then
  member runIds "[${runs#,}]"
elif [ -n "$filter" ]; then
  member filter "{${filter#,}}"
else
  fail_usage "say which runs: their ids, or a filter such as --tag or --error"
fi
$dry && member dryRun true
body="{\"mode\":$(quoted "$mode"),\"reason\":$(quoted "$reason")$body}"

call POST /admin/rerun "$body" "$key"
if $dry; then
  if $json; then cat "$answer"; echo; else echo "$(field count) runs. Nothing has been done."; fi
  exit 0
fi

id=$(field id)
state=$(field state)
if $wait; then
  while [ "$state" = running ]; do
    sleep 1
    call GET "/admin/operations/$id"
    state=$(field state)
  done
fi
if $json; then
  cat "$answer"
  echo
else
  echo "$id $state, $(field total) runs"
fi
if $wait && [ "$state" != "done" ]; then exit 1; fi
