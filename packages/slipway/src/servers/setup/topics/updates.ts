import type { Topic } from '../topic.ts'

const file = '/etc/apt/apt.conf.d/95slipway'

/** Security updates by themselves, of everything but the engine. A reboot is left to a person. */
export const updates: Topic = {
  id: 'updates',
  title: 'Security updates',
  risk: 'none',
  // What apt makes of all its files together: one of them may undo another, or swallow it for want of a semicolon.
  prelude: () => `
apt_settings=$(apt-config dump 2>/dev/null)
apt_setting() { printf '%s\\n' "$apt_settings" | sed -n "s/^$1 \\"\\(.*\\)\\";$/\\1/p" | tail -n 1 | grep . || echo unset; }
`,
  script: () => `set -eu
cat > ${file}.new <<'END'
APT::Periodic::Update-Package-Lists "1";
APT::Periodic::Unattended-Upgrade "1";
APT::Periodic::AutocleanInterval "7";
Unattended-Upgrade::Automatic-Reboot "false";
Unattended-Upgrade::Remove-Unused-Dependencies "true";
Unattended-Upgrade::Package-Blacklist { "^docker"; "^containerd"; "^runc$"; };
END
chmod 644 ${file}.new
mv ${file}.new ${file}
systemctl enable --quiet --now apt-daily.timer apt-daily-upgrade.timer
`,
  controls: [
    {
      id: 'updates.lists',
      title: 'package lists are fetched every day',
      why: 'Without them nothing knows of an update.',
      found: `apt_setting APT::Periodic::Update-Package-Lists`,
      wanted: '1',
    },
    {
      id: 'updates.install',
      title: 'security updates are installed every day',
      why: 'Most break-ins use holes that were mended weeks before.',
      found: `apt_setting APT::Periodic::Unattended-Upgrade`,
      wanted: '1',
    },
    {
      id: 'updates.clean',
      title: 'old package files are removed',
      why: 'They fill the disk slowly.',
      found: `apt_setting APT::Periodic::AutocleanInterval`,
      wanted: '7',
    },
    {
      id: 'updates.remove-unused',
      title: 'what nothing needs any more is removed',
      why: 'Old kernels fill /boot until no update works.',
      found: `apt_setting Unattended-Upgrade::Remove-Unused-Dependencies`,
      wanted: 'true',
    },
    {
      id: 'updates.reboot',
      title: 'no reboot by itself',
      why: 'A reboot in the middle of the day is worse than one that waits for you.',
      found: `apt_setting Unattended-Upgrade::Automatic-Reboot`,
      wanted: 'false',
    },
    {
      id: 'updates.security',
      title: 'the security archive is among what is installed',
      why: 'A list of origins that apt misreads turns updates off without a word.',
      found: `printf '%s\\n' "$apt_settings" | grep -Eq '^Unattended-Upgrade::(Origins-Pattern|Allowed-Origins):: .*(Debian-Security|-security)' && echo yes || echo no`,
      wanted: 'yes',
    },
    {
      id: 'updates.engine',
      title: 'the engine is left out',
      why: 'An update of Docker is an act with a date: slipway server upgrade.',
      found: `printf '%s\\n' "$apt_settings" | grep -F 'Unattended-Upgrade::Package-Blacklist::' | grep -c '\\^docker\\|\\^containerd\\|\\^runc' || true`,
      wanted: '3',
    },
    {
      id: 'updates.timer',
      title: 'the daily run is on',
      why: 'Settings without a timer do nothing.',
      found: `echo "$(systemctl is-enabled apt-daily-upgrade.timer) $(systemctl is-active apt-daily-upgrade.timer)"`,
      wanted: 'enabled active',
    },
  ],
}
