import type { Control, Situation, Topic } from '../topic.ts'

interface Setting {
  key: string
  value: string
  title: string
  why: string
  /** Not the server's own in a container. */
  host?: true
}

const redirects = 'A neighbour could lead traffic through itself.'
const sourceRoute = 'It would get around what keeps it out.'

/**
 * Nothing here stops Docker: forwarding stays as Docker sets it, user namespaces stay allowed, and packets that come in
 * one way and leave another are only dropped when nothing leads back (rp_filter 2).
 */
const settings: readonly Setting[] = [
  setting('net.ipv4.conf.all.accept_redirects', '0', 'no redirects are believed', redirects),
  setting('net.ipv4.conf.default.accept_redirects', '0', 'no redirects, on later interfaces', redirects),
  setting('net.ipv6.conf.all.accept_redirects', '0', 'no redirects are believed (IPv6)', redirects),
  setting('net.ipv6.conf.default.accept_redirects', '0', 'no redirects, on later interfaces (IPv6)', redirects),
  setting(
    'net.ipv4.conf.all.send_redirects',
    '0',
    'no redirects are sent',
    'A server is no router for its neighbours.',
  ),
  setting('net.ipv4.conf.all.accept_source_route', '0', 'no packet chooses its own route', sourceRoute),
  setting('net.ipv6.conf.all.accept_source_route', '0', 'no packet chooses its own route (IPv6)', sourceRoute),
  setting(
    'net.ipv4.conf.all.rp_filter',
    '2',
    'forged senders are dropped',
    'A sender to whom no way leads back is forged.',
  ),
  setting(
    'net.ipv4.icmp_echo_ignore_broadcasts',
    '1',
    'no answer to broadcast pings',
    'Answers would flood somebody else.',
  ),
  setting('net.ipv4.tcp_syncookies', '1', 'floods of half-open connections do not block', 'Others can still connect.'),
  host('kernel.kptr_restrict', '2', 'addresses in the kernel are hidden', 'They help whoever breaks in.'),
  host('kernel.dmesg_restrict', '1', 'the log of the kernel is for root', 'It tells much to whoever breaks in.'),
  host('kernel.yama.ptrace_scope', '1', 'programs do not read each other', 'One stolen process is not all.'),
  host('kernel.unprivileged_bpf_disabled', '1', 'only root loads programs into the kernel', 'Many holes were there.'),
  host('fs.protected_hardlinks', '1', 'hard links only to own files', 'An old trick against root.'),
  host('fs.protected_symlinks', '1', 'links in shared folders are not followed', 'An old trick against root.'),
  host('fs.suid_dumpable', '0', 'programs of root leave no memory image', 'It may hold secrets.'),
  host('vm.overcommit_memory', '1', 'Redis can save while memory is tight', 'Its copy of itself shares the memory.'),
  host('vm.swappiness', '10', 'swap is for emergencies', 'A database in swap is slow.'),
]

const file = '/etc/sysctl.d/99-zz-slipway.conf'

export const kernel: Topic = {
  id: 'kernel',
  title: 'Kernel',
  risk: 'none',
  script: situation => {
    const lines = mine(situation).map(({ key, value }) => `${key} = ${value}`)
    return [
      'set -eu',
      `cat > ${file}.new <<'END'`,
      ...lines,
      'END',
      `chmod 644 ${file}.new`,
      `mv ${file}.new ${file}`,
      `sysctl --quiet --load=${file}`,
      '',
    ].join('\n')
  },
  // In force now, and after a reboot: the last file that names a key wins.
  prelude: () => `
boot_settings=$(systemd-analyze cat-config sysctl.d 2>/dev/null | tr -d ' ' | tr '/' '.')
kernel_setting() {
  now=$(sysctl -n "$1" 2>/dev/null || echo unknown)
  boot=$(printf '%s\\n' "$boot_settings" | sed -n "s/^-\\{0,1\\}$1=//p" | tail -n 1)
  if [ "$now" = "$boot" ]; then echo "$now"; else echo "$now, after a reboot \${boot:-as the kernel likes}"; fi
}
`,
  controls: settings.map(
    ({ key, value, title, why, host: onHost }): Control => ({
      id: `sysctl.${key}`,
      title,
      why,
      found: `kernel_setting ${key}`,
      wanted: value,
      ...(onHost === undefined ? {} : { inContainer: 'host' }),
    }),
  ),
}

function mine({ facts }: Situation): readonly Setting[] {
  return facts.container === 'none' ? settings : settings.filter(each => each.host === undefined)
}

function setting(key: string, value: string, title: string, why: string): Setting {
  return { key, value, title, why }
}

function host(key: string, value: string, title: string, why: string): Setting {
  return { key, value, title, why, host: true }
}
