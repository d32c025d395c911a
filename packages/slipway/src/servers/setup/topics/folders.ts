import { shellLine } from '../../../support/shell-quote.ts'
import type { Control, Situation, Topic } from '../topic.ts'

interface Folder {
  id: string
  title: string
  why: string
  path: (situation: Situation) => string
  mode: string
}

const wantedFolders: readonly Folder[] = [
  {
    id: 'folders.app',
    title: 'folder of the app',
    why: 'Compose files and settings of the app have their place, and only who deploys reads them.',
    path: ({ wishes }) => `/opt/${wishes.app}`,
    mode: '750',
  },
  {
    id: 'folders.backups',
    title: 'folder of the backups',
    why: 'Backups hold all data of the app: nobody else reads them.',
    path: () => '/opt/backups',
    mode: '700',
  },
]

export const folders: Topic = {
  id: 'folders',
  title: 'Folders',
  risk: 'none',
  script: situation =>
    [
      'set -eu',
      `account=${shellLine([situation.wishes.user])}`,
      ...wantedFolders.map(
        ({ path, mode }) =>
          `install -d -m ${mode} -o "$account" -g "$(id -gn "$account")" ${shellLine([path(situation)])}`,
      ),
      '',
    ].join('\n'),
  controls: wantedFolders.map(
    ({ id, title, why, path, mode }): Control => ({
      id,
      title,
      why,
      found: situation => `stat -c '%U %a' ${shellLine([path(situation)])} 2>/dev/null || echo missing`,
      wanted: ({ wishes }) => `${wishes.user} ${mode}`,
    }),
  ),
}
