#!/bin/sh
# Keeps alerts from being told for a while, lists that, and ends it.
#
#   deploy/scripts/silence.sh create (--alert NAME | --matcher LABEL=VALUE)... --reason WORDS [--for SPAN] [--author NAME]
#   deploy/scripts/silence.sh list [--json | --check]
#   deploy/scripts/silence.sh expire SILENCE
#
#   --alert NAME            the alert, such as QueueDepthWarning
#   --matcher LABEL=VALUE   only with this label, also as !=, =~ or !~; again for more
#   --for SPAN              how long: 30m, 2h, 7d; 48h when left out, 30d at the most
#   --reason WORDS          why, for all to see
#   --author NAME           who does it; else who is logged in
#   --check                 for a timer: 1 when a silence ends within 4 hours, whose alerts then come back
#
# Alertmanager is at ALERTMANAGER_URL, http://127.0.0.1:9093 when left out.
#
# Exit codes: 0 done, 1 with --check: a silence ends soon, 2 it cannot be done as asked, 3 Alertmanager cannot be
# reached, or refuses.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=deploy/scripts/api.sh
. "$here/api.sh"
# shellcheck source=deploy/scripts/alertmanager.sh
. "$here/alertmanager.sh"

matchers=
span=48h
reason=
author=${USER:-${LOGNAME:-}}
json=false
check=false
silence=

matcher() { # LABEL=VALUE
  label=${1%%[!A-Za-z0-9_]*}
  rest=${1#"$label"}
  regex=false
  equal=true
  case $rest in
    '=~'*) regex=true; value=${rest#??} ;;
    '!~'*) regex=true; equal=false; value=${rest#??} ;;
    '!='*) equal=false; value=${rest#??} ;;
    '='*) value=${rest#?} ;;
    *) fail_usage "--matcher needs a label and a value such as skill=http_request, not $1" ;;
  esac
  case $label in '' | [0-9]*) fail_usage "--matcher needs a label and a value such as skill=http_request, not $1" ;; esac
  case $value in '"'*'"') value=${value#?}; value=${value%?} ;; esac
  matchers="$matchers,{\"name\":\"$label\",\"value\":$(quoted "$value"),\"isRegex\":$regex,\"isEqual\":$equal}"
}

# The silences as lines: id, state, end, author, what, reason.
silences() {
  ask GET /api/v2/silences
  flattened "$answer" | LC_ALL=C awk -F '\t' '
    {
      split($1, part, ".")
      nth = part[1]
      if (nth + 1 > last) last = nth + 1
      name = substr($1, length(nth) + 2)
      of[nth, name] = $2
    }
    END {
      for (nth = 0; nth < last; nth++) {
        if (of[nth, "status.state"] == "expired") continue
        what = ""
        for (m = 0; (nth, "matchers." m ".name") in of; m++) {
          key = "matchers." m "."
          sign = of[nth, key "isEqual"] == "false" ? "!" : "="
          sign = sign (of[nth, key "isRegex"] == "true" ? "~" : sign == "!" ? "=" : "")
          what = what (m ? " and " : "") of[nth, key "name"] sign "\"" of[nth, key "value"] "\""
        }
        end = of[nth, "endsAt"]
        sub(/\.[0-9]+Z$/, "Z", end)
        printf "%s\t%s\t%s\t%s\t%s\t%s\n", of[nth, "id"], of[nth, "status.state"], end, of[nth, "createdBy"], what, of[nth, "comment"]
      }
    }' | sort -t "$(printf '\t')" -k 3 >"$work/silences"
}

list() {
  silences
  if $json; then
    cat "$answer"
    echo
  elif $check; then
    awk -F '\t' -v soon="$(time_in 14400)" '
      $2 == "active" && $3 < soon { print "Ends at " $3 ": " $5 ", silenced by " $4 ": " $6; ends = 1 }
      END { exit ends }' "$work/silences"
  elif [ -s "$work/silences" ]; then
    awk -F '\t' '
      function line(a, b, c, d, e) { printf "%-36s  %-7s  %-20s  %-12s  %s\n", a, b, c, d, e }
      BEGIN { line("SILENCE", "STATE", "ENDS", "BY", "ALERTS, REASON") }
      { line($1, $2, $3, $4, $5 ", " $6) }' "$work/silences"
  else
    echo 'Nothing is silenced.'
  fi
}

create() {
  [ -n "$matchers" ] || fail_usage 'say which alerts: --alert, or --matcher'
  [ -n "$reason" ] || fail_usage '--reason is missing: why, for all to see'
  [ -n "$author" ] || fail_usage '--author is missing: who does it'
  seconds=$(seconds_of "$span" --for)
  if [ "$seconds" -lt 1 ] || [ "$seconds" -gt 2592000 ]; then fail_usage '--for must be from 1s to 30d'; fi
  start=$(time_in 0)
  end=$(time_in "$seconds")
  ask POST /api/v2/silences "{\"matchers\":[${matchers#,}],\"startsAt\":\"$start\",\"endsAt\":\"$end\",\"createdBy\":$(quoted "$author"),\"comment\":$(quoted "$reason")}"
  id=$(field silenceID)
  [ -n "$id" ] || {
    echo "$alertmanager answers, but not as Alertmanager does." >&2
    exit 3
  }
  echo "$id until $end"
}

case ${1:-} in
  create | list | expire) verb=$1; shift ;;
  -h | --help) usage 0 ;;
  *) fail_usage 'say what to do: create, list or expire' ;;
esac
while [ $# -gt 0 ]; do
  case $verb,$1 in
    *,-h | *,--help) usage 0 ;;
    list,--json) json=true; shift; continue ;;
    list,--check) check=true; shift; continue ;;
    create,--alert | create,--matcher | create,--for | create,--reason | create,--author) ;;
    expire,[!-]*) silence=$1; shift; continue ;;
    *) fail_usage "unknown option: $1" ;;
  esac
  [ $# -ge 2 ] || fail_usage "$1 needs a value"
  case $1 in
    --alert)
      [ "$2" != Watchdog ] || fail_usage 'the watchdog cannot be silenced: its silence is an alarm'
      matcher "alertname=$2"
      ;;
    --matcher) matcher "$2" ;;
    --for) span=$2 ;;
    --reason) reason=$2 ;;
    --author) author=$2 ;;
  esac
  shift 2
done

case $verb in
  create) create ;;
  list) list ;;
  expire)
    case $silence in
      '' | *[!0-9a-f-]*) fail_usage 'name the silence by its id, which list shows' ;;
    esac
    ask GET "/api/v2/silence/$silence"
    if [ "$(field status.state)" = expired ]; then
      echo "$silence had ended before"
    else
      ask DELETE "/api/v2/silence/$silence"
      echo "$silence has ended"
    fi
    ;;
esac
