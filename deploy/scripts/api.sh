# shellcheck shell=sh
# What the scripts have in common: speaking to the API with curl. Sourced, not run.

url=${AOS_URL:-http://127.0.0.1:8080}
url=${url%/}
work=$(mktemp -d)
answer=$work/answer
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

usage() { # EXIT-CODE
  sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" | sed '/^set -eu/,$d'
  exit "$1"
}

fail_usage() {
  echo "$(basename "$0"): $1. See --help." >&2
  exit 2
}

# The key goes to curl by a file that nobody else can read: arguments are seen by everybody on the machine.
give_key() {
  if [ -n "${AOS_API_KEY:-}" ]; then
    key_text=$AOS_API_KEY
  elif [ -n "${AOS_API_KEY_FILE:-}" ]; then
    [ -r "$AOS_API_KEY_FILE" ] || {
      echo "The file of AOS_API_KEY_FILE, $AOS_API_KEY_FILE, cannot be read." >&2
      exit 3
    }
    key_text=$(cat "$AOS_API_KEY_FILE")
  else
    echo 'There is no API key. Give one with AOS_API_KEY or AOS_API_KEY_FILE.' >&2
    exit 3
  fi
  case $key_text in
    *[!A-Za-z0-9_-]*)
      echo 'The API key has characters that no key has.' >&2
      exit 3
      ;;
  esac
  umask 077
  printf 'header = "Authorization: Bearer %s"\n' "$key_text" >"$work/curl"
}

# call METHOD PATH [BODY [IDEMPOTENCY-KEY]]: the answer is in $answer; ends the script when there is none.
call() {
  [ -f "$work/curl" ] || give_key
  set -- "$1" "$2" "${3:-}" "${4:-}"
  if [ -n "$3" ]; then
    printf '%s' "$3" >"$work/body"
    printf 'header = "Content-Type: application/json"\ndata-binary = "@%s"\n' "$work/body" >"$work/more"
    [ -z "$4" ] || printf 'header = "Idempotency-Key: %s"\n' "$4" >>"$work/more"
  else
    : >"$work/more"
  fi
  status=$(curl --silent --show-error --max-time 30 --config "$work/curl" --config "$work/more" \
    --request "$1" --output "$answer" --write-out '%{http_code}' "$url$2" 2>"$work/error") || {
    echo "The API at $url cannot be reached: $(sed 's/^curl: //' "$work/error")" >&2
    exit 3
  }
  case $status in
    2??) return 0 ;;
    401 | 403 | 429 | 5??) code=3 ;;
    *) code=2 ;;
  esac
  detail=$(field detail)
  echo "The API refuses ($status $(field code)): ${detail:-this is not the API of AOS, or not its answer}" >&2
  exit "$code"
}

# A JSON document as lines of "path<TAB>value"; what a terminal would obey is taken out of texts.
flattened() { # FILE
  LC_ALL=C awk '
    function text(   c, out) {
      out = ""
      for (pos++; (c = substr(json, pos, 1)) != "\"" && c != ""; pos++) {
        if (c == "\\") {
          c = substr(json, ++pos, 1)
          if (c == "u") { pos += 4; c = "?" } else if (index("bfnrt", c)) c = " "
        }
        out = out c
      }
      pos++
      gsub(/[\001-\037\177]/, " ", out)
      gsub(/\302[\200-\237]/, "?", out)
      return out
    }
    function value(path,   c, object, nth, name, out) {
      c = substr(json, pos, 1)
      if (c == "{" || c == "[") {
        object = c == "{"
        nth = 0
        for (pos++; (c = substr(json, pos, 1)) != "}" && c != "]" && c != ""; ) {
          if (c == ",") { pos++; continue }
          if (object) { name = text(); pos++ } else name = nth++
          value(path == "" ? name : path "." name)
        }
        pos++
        return
      }
      if (c == "\"") { print path "\t" text(); return }
      for (out = ""; (c = substr(json, pos, 1)) != "" && !index(",}]", c); pos++) out = out c
      print path "\t" out
    }
    { json = json $0 }
    END { pos = 1; value("") }
  ' "$1"
}

# The value at a path of the answer, such as "progress.started".
field() { # PATH
  flattened "$answer" | awk -F '\t' -v path="$1" '$1 == path { print $2; exit }'
}

# Text as a JSON string.
quoted() { # TEXT
  printf '"%s"' "$(printf '%s' "$1" | tr '\n\r\t' '   ' | tr -d '\000-\037' | sed 's/\\/\\\\/g;s/"/\\"/g')"
}

# Text as a part of a query.
encoded() { # TEXT
  printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g'
}

# RFC 3339 as it is; a span as the time that long ago.
time_of() { # TIME
  case $1 in
    *[0-9][smhd])
      number=${1%?}
      case $number in '' | *[!0-9]*) fail_usage "$1 is no time and no span such as 2h or 7d" ;; esac
      case ${1#"$number"} in
        s) seconds=$number ;;
        m) seconds=$((number * 60)) ;;
        h) seconds=$((number * 3600)) ;;
        *) seconds=$((number * 86400)) ;;
      esac
      then=$(($(date +%s) - seconds))
      date -u -d "@$then" +%Y-%m-%dT%H:%M:%SZ 2>/dev/null || date -u -r "$then" +%Y-%m-%dT%H:%M:%SZ
      ;;
    [0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]) echo "${1}T00:00:00Z" ;;
    *) echo "$1" ;;
  esac
}
