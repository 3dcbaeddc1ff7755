# shellcheck shell=sh disable=SC2154
# What the scripts have in common that speak to Alertmanager. Sourced after api.sh, whose files it
# uses; not run.

alertmanager=${ALERTMANAGER_URL:-http://127.0.0.1:9093}
alertmanager=${alertmanager%/}
# Exit code when it cannot be reached, or refuses.
unreachable=3

# ask METHOD PATH [BODY]: the answer is in $answer; ends the script when there is none.
ask() {
  if [ -n "${3:-}" ]; then
    printf '%s' "$3" >"$work/body"
    set -- "$1" "$2" --header 'Content-Type: application/json' --data-binary "@$work/body"
  else
    set -- "$1" "$2"
  fi
  method=$1
  path=$2
  shift 2
  status=$(curl --silent --show-error --max-time 30 --globoff "$@" --request "$method" --output "$answer" \
    --write-out '%{http_code}' "$alertmanager$path" 2>"$work/error") || {
    echo "Alertmanager at $alertmanager cannot be reached: $(sed 's/^curl: //' "$work/error")" >&2
    exit "$unreachable"
  }
  case $status in
    2??) return 0 ;;
    401 | 403 | 5??) code=$unreachable ;;
    *) code=2 ;;
  esac
  echo "Alertmanager refuses ($status): $(tr -d '\000-\037\177' <"$answer" | cut -c 1-300)" >&2
  exit "$code"
}

# A span such as 30m, 2h or 7d in seconds.
seconds_of() { # SPAN OPTION
  number=${1%?}
  case $number in '' | *[!0-9]* | ???????*) fail_usage "$2 needs a span such as 30m, 2h or 7d, not $1" ;; esac
  case $1 in
    *s) echo "$number" ;;
    *m) echo $((number * 60)) ;;
    *h) echo $((number * 3600)) ;;
    *d) echo $((number * 86400)) ;;
    *) fail_usage "$2 needs a span such as 30m, 2h or 7d, not $1" ;;
  esac
}

# The time so many seconds from now, as RFC 3339.
time_in() { # SECONDS
  then=$(($(date +%s) + $1))
  date -u -d "@$then" +%Y-%m-%dT%H:%M:%SZ 2>/dev/null || date -u -r "$then" +%Y-%m-%dT%H:%M:%SZ
}
