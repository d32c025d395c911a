import type { Situation, Topic } from '../topic.ts'

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
