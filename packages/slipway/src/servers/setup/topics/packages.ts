import type { Situation, Topic } from '../topic.ts'

/** For every script that installs: waits for another apt, and says in the end what apt said. */
export const aptFunctions = `
export DEBIAN_FRONTEND=noninteractive LC_ALL=C NEEDRESTART_SUSPEND=1
apt_get() {
  tries=0
  until apt-get -q -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 -o Dpkg::Options::=--force-confold "$@" > /tmp/slipway-apt.log 2>&1; do
    tries=$((tries + 1))
    if [ "$tries" -gt 150 ] || ! grep -Eq 'Could not get lock|Unable to (acquire|lock)' /tmp/slipway-apt.log; then
      tail -n 12 /tmp/slipway-apt.log >&2
      return 1
    fi
    sleep 2
  done
}
apt_update() { if [ -z "\${updated:-}" ]; then apt_get update; updated=yes; fi; }
apt_install() { apt_update; apt_get install --yes --no-install-recommends "$@"; }
is_installed() { dpkg-query --show --showformat '\${db:Status-Status}\\n' "$1" 2>/dev/null | grep -qx installed; }
`

const needed = ({ facts }: Situation): string[] => [
  'ca-certificates',
  'curl',
  'sudo',
  'iptables',
  'ufw',
  'fail2ban',
  'python3-systemd',
  'unattended-upgrades',
  'logrotate',
  ...(facts.container === 'none' ? ['systemd-timesyncd'] : []),
]

export const packages: Topic = {
  id: 'packages',
  title: 'Packages',
  risk: 'none',
  prelude: () => aptFunctions,
  script: situation => `set -eu\ndpkg --configure -a\napt_install ${needed(situation).join(' ')}\n`,
  controls: [
    {
      id: 'packages.base',
      title: 'what the rest of the set-up needs',
      why: 'Firewall, ban and updates are the work of programs that a fresh server may lack.',
      found: situation =>
        `missing=; for name in ${needed(situation).join(' ')}; do is_installed $name || missing="$missing $name"; done; ` +
        `if [ -z "$missing" ]; then echo installed; else echo "missing:$missing"; fi`,
      wanted: 'installed',
    },
    {
      id: 'packages.whole',
      title: 'no half-installed package',
      why: 'What was cut off while installing keeps every later installation from working.',
      found: `if [ -z "$(dpkg --audit)" ]; then echo whole; else echo 'half installed'; fi`,
      wanted: 'whole',
    },
  ],
}
