#!/bin/sh
# Sends a synthetic alert of each severity to Alertmanager and waits until people were told: that the alert was received,
# goes to the very receiver it should, and that Slack and the mail server took the notices. Then it says that it is over.
#
#   deploy/scripts/test-alerts.sh [--environment NAME] [--severity NAME]... [--timeout SPAN]
#
#   --environment NAME   whose receivers; production when left out
#   --severity NAME      info, warning, critical or page; info, warning and critical when left out
#   --timeout SPAN       how long to wait; 3m when left out
#
# Alertmanager is at ALERTMANAGER_URL, http://127.0.0.1:9093 when left out. It counts notices, not whose they are: where it
# tells of other alerts at the same time, look into the channel and the mailbox, too.
#
# Exit codes: 0 all were told, 1 some were not, 2 it cannot be tried.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=deploy/scripts/api.sh
. "$here/api.sh"
# shellcheck source=deploy/scripts/alertmanager.sh
. "$here/alertmanager.sh"
# shellcheck disable=SC2034 # alertmanager.sh uses it
unreachable=2

environment=production
severities=
timeout=3m

while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage 0 ;;
    --environment | --severity | --timeout) ;;
    *) fail_usage "unknown option: $1" ;;
  esac
  [ $# -ge 2 ] || fail_usage "$1 needs a value"
  case $1 in
    --timeout) timeout=$2 ;;
    --environment)
      case $2 in '' | *[!a-z0-9-]*) fail_usage "--environment needs small letters, digits and -, not $2" ;; esac
      environment=$2
      ;;
    --severity)
      case $2 in
        info | warning | critical | page) severities="$severities $2" ;;
        *) fail_usage "--severity must be info, warning, critical or page, not $2" ;;
      esac
      ;;
  esac
  shift 2
done
severities=${severities:-info warning critical}
seconds=$(seconds_of "$timeout" --timeout)
[ "$seconds" -ge 1 ] || fail_usage '--timeout must be 1s or more'
test=$(date +%s)-$$
failed=false

say_wrong() { # SENTENCE
  echo "$1"
  failed=true
}

receiver_of() { # SEVERITY
  case $1 in
    critical | page) echo "$environment-email-and-slack" ;;
    *) echo "$environment-slack" ;;
  esac
}

# All alerts of this test, ending at a time.
alerts() { # TIME
  list=
  for severity in $severities; do
    list="$list,{\"labels\":{\"alertname\":\"AlertingTest_$severity\",\"severity\":\"$severity\",\"environment\":\"$environment\",\"team\":\"aos\",\"test\":\"$test\"},\"annotations\":{\"summary\":\"This is a test of the way of alerts of severity $severity. Nothing is wrong.\",\"description\":\"Sent by test-alerts.sh. If you read this, the way is open.\"},\"startsAt\":\"$started\",\"endsAt\":\"$1\"}"
  done
  printf '[%s]' "${list#,}"
}

# How many notices were taken, or refused, so far: attempts that ended, since one under way says nothing.
notices() { # INTEGRATION (taken | refused)
  awk -v integration="integration=\"$1\"" -v what="$2" '
    index($1, integration) == 0 { next }
    $1 ~ /^alertmanager_notification_requests_total\{/ { all += $2 }
    $1 ~ /^alertmanager_notification_requests_failed_total\{/ { refused += $2 }
    END { printf "%d\n", what == "taken" ? all - refused : refused }' "$answer"
}

wanted_of() { # INTEGRATION
  count=0
  for severity in $severities; do
    case $1,$severity in slack,* | email,critical | email,page) count=$((count + 1)) ;; esac
  done
  echo "$count"
}

# Whether every alert is known, goes to its receiver and is held back by nothing.
check_routes() {
  tries=0
  while :; do
    ask GET "/api/v2/alerts?filter=test%3D%22$test%22"
    flattened "$answer" >"$work/alerts"
    grep -q 'status\.state	unprocessed$' "$work/alerts" || break
    tries=$((tries + 1))
    [ "$tries" -lt 10 ] || break
    sleep 1
  done
  for severity in $severities; do
    nth=$(awk -F '\t' -v name="AlertingTest_$severity" '$1 ~ /^[0-9]+\.labels\.alertname$/ && $2 == name { split($1, p, "."); print p[1]; exit }' "$work/alerts")
    if [ -z "$nth" ]; then
      say_wrong "$severity: Alertmanager does not know it."
      continue
    fi
    receivers=$(awk -F '\t' -v nth="$nth" '$1 ~ "^" nth "\\.receivers\\.[0-9]+\\.name$" { printf "%s%s", sep, $2; sep = "," }' "$work/alerts")
    state=$(awk -F '\t' -v nth="$nth" '$1 == nth ".status.state" { print $2 }' "$work/alerts")
    wanted=$(receiver_of "$severity")
    if [ "$receivers" != "$wanted" ]; then
      say_wrong "$severity: it goes to $receivers, not to $wanted."
    elif [ "$state" = suppressed ]; then
      say_wrong "$severity: a silence or another alert holds it back."
    else
      echo "$severity: received, goes to $receivers."
    fi
  done
}

wait_for() { # INTEGRATION TAKEN-BEFORE REFUSED-BEFORE
  wanted=$(wanted_of "$1")
  [ "$wanted" -gt 0 ] || return 0
  while :; do
    ask GET /metrics
    taken=$(($(notices "$1" taken) - $2))
    if [ "$taken" -ge "$wanted" ]; then
      echo "$1: took $wanted of $wanted notices."
      return 0
    fi
    [ "$(date +%s)" -lt "$deadline" ] || break
    sleep 1
  done
  refused=$(($(notices "$1" refused) - $3))
  say_wrong "$1: took $taken of $wanted notices within $timeout, and refused $refused attempts. The log of Alertmanager says why."
}

ask GET /metrics
grep -q '^alertmanager_build_info' "$answer" || {
  echo "$alertmanager answers, but not as Alertmanager does." >&2
  exit 2
}
slack_taken=$(notices slack taken)
slack_refused=$(notices slack refused)
email_taken=$(notices email taken)
email_refused=$(notices email refused)
started=$(time_in 0)
ask POST /api/v2/alerts "$(alerts "$(time_in $((seconds + 60)))")"
check_routes
deadline=$(($(date +%s) + seconds))
if ! $failed; then
  wait_for slack "$slack_taken" "$slack_refused"
  wait_for email "$email_taken" "$email_refused"
fi
ask POST /api/v2/alerts "$(alerts "$(time_in 0)")"
if $failed; then exit 1; fi
