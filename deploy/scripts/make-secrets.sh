#!/bin/sh
# Makes the secrets that docker-compose.yml hands to the containers as files. What is there is kept.
#
#   deploy/scripts/make-secrets.sh [FOLDER]
#
#   FOLDER   where they go; ./secrets when left out
#
# The folder is for its owner alone. Its files can be read by the users of the containers, to which they are
# shown one by one: each service sees its own.
#
# Exit codes: 0 all secrets are there, 1 some are yours to give (it says which), 2 wrong usage.
set -eu

usage() {
  sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" | sed '/^set -eu/,$d'
}

case ${1:-} in
  -h | --help) usage; exit 0 ;;
  -*) echo "make-secrets.sh: $1 is no option. See --help." >&2; exit 2 ;;
esac
[ $# -le 1 ] || { echo 'make-secrets.sh: give one folder at most. See --help.' >&2; exit 2; }
folder=${1:-secrets}
umask 077
mkdir -p "$folder"
chmod 700 "$folder"

keep() { # NAME VALUE
  [ -s "$folder/$1" ] && return
  printf '%s\n' "$2" >"$folder/$1.new"
  chmod 444 "$folder/$1.new"
  mv -f "$folder/$1.new" "$folder/$1"
}

random() {
  od -An -v -tx1 -N24 /dev/urandom | tr -d ' \n'
}

keep database_password "$(random)"
keep database_owner_url "postgres://aos:$(cat "$folder/database_password")@nova_db:5432/aos"
keep database_api_url "postgres://aos_api:$(random)@nova_db:5432/aos"
keep database_worker_url "postgres://aos_worker:$(random)@nova_db:5432/aos"
keep grafana_admin_password "$(random)"

missing=
for name in slack_webhook_url smtp_password; do
  if [ -s "$folder/$name" ]; then chmod 444 "$folder/$name"; else missing="$missing $folder/$name"; fi
done
[ -z "$missing" ] || {
  echo "Alerts need these, which are yours to give:$missing" >&2
  exit 1
}
