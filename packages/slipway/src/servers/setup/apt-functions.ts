/** Shell functions that every script may use. `apt_get` waits for another apt, and says in the end what apt said. */
export const aptFunctions = `
export DEBIAN_FRONTEND=noninteractive LC_ALL=C NEEDRESTART_SUSPEND=1
apt_get() {
  tries=0
  until apt-get -q -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 -o Dpkg::Options::=--force-confold "$@" > /run/slipway-apt.log 2>&1; do
    tries=$((tries + 1))
    if [ "$tries" -gt 150 ] || ! grep -Eq 'Could not get lock|Unable to (acquire|lock)' /run/slipway-apt.log; then
      tail -n 12 /run/slipway-apt.log >&2
      return 1
    fi
    sleep 2
  done
}
apt_update() { if [ -z "\${updated:-}" ]; then apt_get update; updated=yes; fi; }
apt_install() { apt_update; apt_get install --yes --no-install-recommends "$@"; }
is_installed() { dpkg-query --show --showformat '\${db:Status-Status}\\n' "$1" 2>/dev/null | grep -qx installed; }
`
