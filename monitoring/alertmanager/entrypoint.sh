#!/bin/sh
# Renders the configuration of Alertmanager from config.yml.tmpl and starts Alertmanager with it.
#
#   monitoring/alertmanager/entrypoint.sh [--output FILE] [--render-only] [ARGUMENT-OF-ALERTMANAGER...]
#
#   --output FILE    where the configuration goes; config.yml beside this script when left out. Secrets that came by
#                    the environment go to the folder `secrets` beside it, readable by the owner alone.
#   --render-only    do not start Alertmanager
#
# README.md tells the settings. A secret X is taken from the file that X_FILE names, else from the variable X; AOS has no
# encrypted store that it could come from. Neither configuration nor Alertmanager's environment holds a secret.
#
# Exit codes: 0 rendered, 2 it cannot be done as asked; else those of Alertmanager.
set -eu

# Text is bytes here, whatever the machine speaks.
export LC_ALL=C
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
output=$here/config.yml
render_only=false
wrong=
newline='
'

usage() {
  sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" | sed '/^set -eu/,$d'
}

refuse() { # SENTENCE
  printf 'Alertmanager is not started: %s\n' "$1" >&2
  exit 2
}

# All that is wrong is told at once.
complain() { # WORDS
  wrong="$wrong${wrong:+; }$1"
}

given() { # NAME: its value is in $value
  eval "value=\${$1-}"
}

render() { # NAME VALUE: for config.yml.tmpl
  eval "RENDER_$1=\$2"
  export "RENDER_$1"
}

# A value from outside that ends up in the configuration.
required() { # NAME DEFAULT EXAMPLE
  given "$1"
  value=${value:-$2}
  [ -n "$value" ] || complain "$1 is missing: give one such as $3"
}

span() { # NAME DEFAULT
  required "$1" "$2" "$2"
  amount=${value%?}
  case $value in *ms) amount=${value%ms} ;; *[smhd]) ;; *) amount= ;; esac
  case $amount in
    '' | 0 | *[!0-9]* | ??????*) complain "$1 must be a span such as $2" ;;
  esac
  render "$1" "$value"
}

address() { # NAME EXAMPLE [NAME-TO-RENDER]
  required "$1" '' "$2"
  case $value in
    '') ;;
    *[[:cntrl:]]* | *'{{'*) complain "$1 holds characters that no address has" ;;
    *?@?*) ;;
    *) complain "$1 must be an address such as $2" ;;
  esac
  render "${3:-$1}" "$value"
}

# A secret may go over a network only encrypted.
check_url() { # NAME URL
  case $2 in
    *[!!-~]*) complain "$1 holds blanks or characters that no URL has" ;;
    https://?* | http://127.0.0.1[:/]?* | http://localhost[:/]?*) ;;
    *) complain "$1 must be a URL that begins with https://" ;;
  esac
}

# Alertmanager drops white space at both ends of a secret, Unicode's too.
check_ends() { # NAME TEXT
  first=$(printf '%s' "$2" | cut -c 1-3 | head -n 1)
  last=$(printf '%s' "$2" | tail -c 3)
  for blank in '\302\205' '\302\240' '\341\232\200' '\342\200\250' '\342\200\251' '\342\200\257' '\342\201\237' '\343\200\200' \
    '\342\200\200' '\342\200\201' '\342\200\202' '\342\200\203' '\342\200\204' '\342\200\205' '\342\200\206' '\342\200\207' \
    '\342\200\210' '\342\200\211' '\342\200\212'; do
    # shellcheck disable=SC2059 # the format is what is written above
    mark=$(printf "$blank")
    case $first in "$mark"*) set -- "$1" ' ' ;; esac
    case $last in *"$mark") set -- "$1" ' ' ;; esac
  done
  case $2 in
    [[:space:]]* | *[[:space:]]) complain "$1 begins or ends with white space, which Alertmanager would drop" ;;
  esac
}

# The file that holds a secret, in $file; what is in it, in $content. Both are empty when there is none. No complaint
# repeats the name of a file: by mistake it may be the secret.
secret() { # NAME
  file=
  content=
  given "$1_FILE"
  if [ -n "$value" ]; then
    if [ ! -f "$value" ] || [ ! -r "$value" ]; then
      complain "$1_FILE names a file that cannot be read"
      return
    fi
    # Line ends at the end of the file are no part of it.
    content=$(cat "$value")
    [ -n "$content" ] || complain "$1_FILE names a file that is empty"
    case $value in
      /*) file=$value ;;
      *) file=$(pwd)/$value ;;
    esac
    rm -f "$folder/secrets/$1"
    set -- "the file of $1_FILE"
  else
    given "$1"
    [ -n "$value" ] || return 0
    content=$value
    mkdir -p "$folder/secrets"
    chmod 700 "$folder/secrets"
    file=$folder/secrets/$1
    printf '%s' "$content" >"$file.new"
    mv "$file.new" "$file"
  fi
  check_ends "$1" "$content"
}

# The settings of one environment: those of the first have plain names, those of another end with its name.
environment() { # SUFFIX ENDING-OF-RENDERED-NAMES
  secret "SLACK_WEBHOOK_URL$1"
  if [ -n "$content" ]; then
    check_url "SLACK_WEBHOOK_URL$1" "$content"
  elif [ -z "$file" ] && [ -z "$value" ]; then
    complain "SLACK_WEBHOOK_URL$1 is missing: name its file with SLACK_WEBHOOK_URL$1_FILE"
  fi
  render "SLACK_WEBHOOK_URL_FILE$2" "$file"
  address "ALERT_EMAIL_TO$1" on-call@example.com "ALERT_EMAIL_TO$2"
  given "HEARTBEAT_URL$1"
  url=$value
  if [ -n "$url" ]; then
    check_url "HEARTBEAT_URL$1" "$url"
    rest=${url#*://}
    case ${rest%%/*} in
      *@*) complain "HEARTBEAT_URL$1 may not hold a user or a password: name the file of a token with HEARTBEAT_TOKEN$1_FILE" ;;
    esac
  else
    echo "HEARTBEAT_URL$1 is not given: nobody outside is told when the alerts of its environment stop." >&2
  fi
  render "HEARTBEAT_URL$2" "$url"
  secret "HEARTBEAT_TOKEN$1"
  render "HEARTBEAT_TOKEN_FILE$2" "$file"
}

environments() {
  first=true
  names=
  for name in $(printf '%s' "${ALERT_ENVIRONMENTS:-production}" | tr ',' ' '); do
    case $name in
      *[!a-z0-9-]* | -* | file | *-file | ????????????????????????????????*)
        complain 'ALERT_ENVIRONMENTS must be names of small letters, digits and -, such as production,staging'
        return
        ;;
    esac
    case " $names " in *" $name "*) complain "ALERT_ENVIRONMENTS names $name twice"; return ;; esac
    names="$names${names:+ }$name"
    ending=_$(printf '%s' "$name" | tr 'a-z-' 'A-Z_')
    if $first; then environment '' "$ending"; else environment "$ending" "$ending"; fi
    first=false
  done
  [ -n "$names" ] || complain 'ALERT_ENVIRONMENTS names no environment'
}

mail() {
  required SMTP_SMARTHOST '' smtp.example.com:587
  case $value in
    '') ;;
    *[!]A-Za-z0-9.:_[-]* | *: | :* | *:*[!0-9]) complain 'SMTP_SMARTHOST must be a host and a port, such as smtp.example.com:587' ;;
    *:*) ;;
    *) complain 'SMTP_SMARTHOST must be a host and a port, such as smtp.example.com:587' ;;
  esac
  render SMTP_SMARTHOST "$value"
  address SMTP_FROM aos@example.com
  required SMTP_REQUIRE_TLS true true
  case $value in true | false) ;; *) complain 'SMTP_REQUIRE_TLS must be true or false' ;; esac
  render SMTP_REQUIRE_TLS "$value"
  given SMTP_USER
  user=$value
  render SMTP_USER "$user"
  secret SMTP_PASSWORD
  render SMTP_PASSWORD_FILE "$file"
  if [ -n "$user" ] && [ -z "$file" ] && [ -z "$value" ]; then
    complain 'SMTP_PASSWORD is missing: name its file with SMTP_PASSWORD_FILE'
  fi
  if [ -z "$user" ] && [ -n "$file" ]; then complain 'SMTP_USER is missing: there is a password for it'; fi
}

# The address of the runbooks is known to the templates alone, which cannot ask for a setting.
runbooks() {
  base=${AOS_RUNBOOK_BASE_URL:-http://127.0.0.1:8080/runbooks}
  base=${base%/}
  case $base in
    *[!A-Za-z0-9:/._~%-]*) complain 'AOS_RUNBOOK_BASE_URL holds characters that it may not have' ;;
    http://?* | https://?*) ;;
    *) complain 'AOS_RUNBOOK_BASE_URL must be a URL such as https://aos.example.com/runbooks' ;;
  esac
  render TEMPLATES "$here/templates/*.tmpl"
  render SETTINGS_TEMPLATE "$folder/settings.tmpl"
}

while [ $# -gt 0 ]; do
  case $1 in
    --output)
      [ $# -ge 2 ] || refuse '--output needs the name of a file'
      output=$2
      shift 2
      ;;
    --render-only) render_only=true; shift ;;
    -h | --help) usage; exit 0 ;;
    *) break ;;
  esac
done
umask 077
folder=$(dirname -- "$output")
mkdir -p "$folder" 2>/dev/null || refuse "the folder $folder cannot be made"
folder=$(CDPATH='' cd -- "$folder" && pwd)
[ -w "$folder" ] || refuse "nothing can be written into $folder: name another place with --output"
output=$folder/$(basename -- "$output")

mail
environments
span ALERT_GROUP_WAIT 30s
span ALERT_GROUP_INTERVAL 1m
span ALERT_REPEAT_INTERVAL 4h
span HEARTBEAT_INTERVAL 1m
runbooks
[ -z "$wrong" ] || refuse "$(printf '%s' "$wrong" | tr "$newline" ' ')."

printf '{{ define "aos.runbooks" }}%s{{ end }}\n' "$base" >"$folder/settings.tmpl"
awk -v environments="$names" -f "$here/render.awk" "$here/config.yml.tmpl" >"$output.new" ||
  refuse 'the configuration cannot be rendered'
if command -v amtool >/dev/null; then
  amtool check-config "$output.new" >"$output.check" 2>&1 || {
    cat "$output.check" >&2
    refuse 'amtool finds fault with the configuration'
  }
  rm -f "$output.check"
fi
mv "$output.new" "$output"
if $render_only; then exit 0; fi

# Alertmanager gets what it needs by its files: nobody who may see its environment sees a secret.
for variable in $(env | sed -nE 's/^((RENDER|SLACK|SMTP|HEARTBEAT)_[A-Z0-9_]*)=.*/\1/p'); do
  unset "$variable"
done
for program in alertmanager prometheus-alertmanager; do
  if command -v "$program" >/dev/null; then exec "$program" --config.file="$output" "$@"; fi
done
refuse 'there is no program alertmanager or prometheus-alertmanager'
