import type { Topic } from '../topic.ts'

export const time: Topic = {
  id: 'time',
  title: 'Time',
  risk: 'none',
  script: () => 'set -eu\ntimedatectl set-ntp true\n',
  controls: [
    {
      id: 'time.synchronised',
      title: 'the clock is kept right',
      why: 'Certificates, logs of several servers and one-time codes need the right time.',
      found: `timedatectl show --property NTP --value 2>/dev/null || echo unknown`,
      wanted: 'yes',
      inContainer: 'host',
    },
  ],
}
