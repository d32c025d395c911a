import type { Control, Situation, Topic } from '../topic.ts'

const knownAddress = '/usr/local/lib/slipway/known-address'

/**
 * With keys alone nobody guesses a password any more; this keeps the log quiet and the guessers out. It counts failures of
 * the minutes before it started too, and a ban cuts connections that are up: so an address from which a key was accepted
 * of late is never banned. A pipeline with a wrong key, or a check before the first set-up, would otherwise keep us out.
 */
export const fail2ban: Topic = {
  id: 'fail2ban',
  title: 'Bans',
  risk: 'login',
  prelude: () => `ban_setting() { fail2ban-client get sshd "$1" 2>/dev/null || echo unset; }\n`,
  script: situation => `set -eu
install -d -m 755 /usr/local/lib/slipway
cat > ${knownAddress}.new <<'END'
#!/bin/sh
# Does a key open this server from the address? Asked by fail2ban before it counts a failure.
case $1 in '' | *[!0-9a-fA-F.:]*) exit 1 ;; esac
journalctl --quiet --unit=ssh.service --since=-30days --lines=1 --output=cat --grep="^Accepted publickey for .* from $1 port " | grep -q .
END
chmod 755 ${knownAddress}.new
mv ${knownAddress}.new ${knownAddress}
cat > /etc/fail2ban/jail.d/zz-slipway.local <<'END'
[DEFAULT]
# The journal: a fresh server has no /var/log/auth.log.
backend = systemd
bantime = 1h
findtime = 10m
maxretry = 5
ignoreip = ${never(situation).join(' ')}
ignorecommand = ${knownAddress} <ip>
ignorecache = key="<ip>", max-count=1000, max-time=1m

[sshd]
enabled = true
mode = normal
port = ${situation.facts.serverPort}
END
systemctl enable --quiet fail2ban.service
systemctl restart fail2ban.service
tries=0
until fail2ban-client ping >/dev/null 2>&1 && fail2ban-client status sshd >/dev/null 2>&1; do
  tries=$((tries + 1)); [ $tries -lt 100 ] || { fail2ban-client status >&2; exit 1; }; sleep 0.1
done
`,
  controls: [
    {
      id: 'fail2ban.boot',
      title: 'starts with the server',
      why: 'After a reboot too.',
      found: `systemctl is-enabled fail2ban.service || true`,
      wanted: 'enabled',
    },
    {
      id: 'fail2ban.ssh',
      title: 'looks after SSH',
      why: 'A service that failed to start, or watches a log that is not written, bans nobody.',
      found: `if fail2ban-client status sshd 2>/dev/null | grep -q 'Journal matches'; then echo 'reads the journal'; else echo no; fi`,
      wanted: 'reads the journal',
    },
    number('bantime', 'a ban lasts an hour', 3600),
    number('findtime', 'failures of ten minutes count', 600),
    number('maxretry', 'five failures are forgiven', 5),
    {
      id: 'fail2ban.never',
      title: 'never bans those who look after the server',
      why: 'A wrong key in a pipeline should not lock everybody out.',
      found: `fail2ban-client get sshd ignoreip 2>/dev/null | sed -n 's/^[|\`]- //p' | sort | tr '\\n' ' ' | sed 's/ $//'`,
      wanted: situation => never(situation).toSorted().join(' '),
    },
    {
      id: 'fail2ban.known',
      title: 'never bans an address whose key was accepted of late',
      why: 'Whoever gets in should not be kept out by the mistakes of a colleague.',
      found: `if [ "$(fail2ban-client get sshd ignorecommand 2>/dev/null)" = '${knownAddress} <ip>' ] && [ -x ${knownAddress} ]; then echo yes; else echo no; fi`,
      wanted: 'yes',
    },
  ],
}

function never({ wishes }: Situation): string[] {
  return ['127.0.0.0/8', '::1', ...wishes.adminAddresses, ...wishes.neighbours]
}

function number(name: string, title: string, value: number): Control {
  return {
    id: `fail2ban.${name}`,
    title,
    why: 'Long enough to be tiresome for a guesser, short enough for a person who mistyped.',
    found: `ban_setting ${name}`,
    wanted: String(value),
  }
}
