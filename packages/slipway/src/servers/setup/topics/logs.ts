import type { Topic } from '../topic.ts'

export const logs: Topic = {
  id: 'logs',
  title: 'Logs',
  risk: 'none',
  prelude: () => `
journal_setting() { systemd-analyze cat-config systemd/journald.conf 2>/dev/null | sed -n "s/^$1=//p" | tail -n 1 | grep . || echo unset; }
`,
  script: () => `set -eu
install -d -m 755 /etc/systemd/journald.conf.d
printf '[Journal]\\nStorage=persistent\\nSystemMaxUse=500M\\nMaxRetentionSec=1month\\n' > /etc/systemd/journald.conf.d/zz-slipway.conf
install -d -m 2755 -g systemd-journal /var/log/journal
systemctl restart systemd-journald.service
journalctl --flush
systemctl enable --quiet --now logrotate.timer
`,
  controls: [
    {
      id: 'logs.kept',
      title: 'the journal outlives a reboot',
      why: 'What happened before a crash is what you will want to read.',
      found: `echo "$(journal_setting Storage) $([ -d /var/log/journal ] && echo there)"`,
      wanted: 'persistent there',
    },
    {
      id: 'logs.size',
      title: 'the journal has a limit',
      why: 'It would take a tenth of the disk.',
      found: `journal_setting SystemMaxUse`,
      wanted: '500M',
    },
    {
      id: 'logs.age',
      title: 'the journal forgets',
      why: 'Logs hold addresses of people: they are not kept for ever.',
      found: `journal_setting MaxRetentionSec`,
      wanted: '1month',
    },
    {
      id: 'logs.rotation',
      title: 'log files are rotated every day',
      why: 'Programs that write files of their own fill the disk.',
      found: `echo "$(systemctl is-enabled logrotate.timer) $(systemctl is-active logrotate.timer)"`,
      wanted: 'enabled active',
    },
  ],
}
