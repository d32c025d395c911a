# Read by deploy.sh, rollback.sh and backup.sh: which environment, and what slipway's exit code means here.
# shellcheck shell=bash
set -euo pipefail
exec 2>&1 # every step and every error on stdout, for CI

APP_DIR=${APP_DIR:-/opt/baby-basics}
BACKUP_DIR=${BACKUP_DIR:-/opt/backups}
export SLIPWAY_BACKUPS=$BACKUP_DIR # wins over backups.directory of slipway.yaml
PATH=$PATH:/usr/local/bin # cron's own is shorter

say() { printf '%s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$*"; }

fail() {
  say "failed: $*"
  exit 1
}

# environment_of [dev|prod]: the argument or, without one, what NODE_ENV in .env says
environment_of() {
  local mode
  if (($# > 0)); then
    [[ $# == 1 && ($1 == dev || $1 == prod) ]] && echo "$1"
    return
  fi
  mode=$(sed -nE "s/^(export +)?NODE_ENV=[\"']?([a-z]*).*/\2/p" "$APP_DIR/.env" | tail -n 1)
  case $mode in
    development) echo dev ;;
    production) echo prod ;;
    *) return 1 ;;
  esac
}

# main command [environment]: run slipway in the app's folder; exit 0, or 1 and say which failure it was
main() {
  local command=$1 environment program code=0
  shift
  cd "$APP_DIR" || fail "there is no $APP_DIR"
  environment=$(environment_of "$@") ||
    fail "usage: ${0##*/} [dev|prod]; without an argument, NODE_ENV in $APP_DIR/.env must say development or production"
  read -ra program <<<"${SLIPWAY:-slipway}"
  say "$command $environment: started"
  "${program[@]}" "$command" "$environment" || code=$?
  case $code in
    0) say "$command $environment: done" ;;
    1) fail "$command $environment; nothing was changed" ;;
    2) fail "$command $environment; slipway.yaml or the call is wrong, nothing was changed" ;;
    3) fail "$command $environment; rolled back, the previous version is running" ;;
    4) fail "$command $environment; going back failed too, this needs a person" ;;
    5) fail "$command $environment; another run holds the lock, nothing was changed" ;;
    127) fail "$command $environment; ${program[0]} is not installed" ;;
    *) fail "$command $environment; slipway ended with $code" ;;
  esac
}
