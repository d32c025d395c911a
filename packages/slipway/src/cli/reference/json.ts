import { code, generatedFrom, markdownTable } from './markdown.ts'

export function jsonReference(): string {
  return [
    '# JSON',
    generatedFrom('cli/reference/json.ts'),
    [
      'With `--json` exactly one JSON document is printed on stdout, also on failure; progress and errors for people go to stderr.',
      'New fields may come with any version: ignore those you do not know. A field never changes its meaning.',
    ].join('\n'),
    markdownTable(
      ['Field', 'Type', ''],
      [
        [code('command'), 'string', 'the command; empty when the command line named none'],
        [code('exitCode'), 'number', 'the same as the exit code of the process'],
        [code('result'), 'see below', 'what the command found or did; absent when there is an `error`'],
        [code('error'), 'object', '`code`, `message`, `problems`, `output`, and where known `why`, `state`, `next`'],
      ],
    ),
    'A deployment that failed after it had begun is a `result` with its `outcome`, not an `error`.',
    '## Results',
    markdownTable(
      ['Command', 'Result'],
      results.map(([command, result]) => [code(command), result]),
    ),
  ].join('\n\n')
}

const deployment =
  '`id`, `kind`, `outcome` (`deployed`, `unchanged`, `failed`, `rolled-back`, `needs-person`), `version`, `startedAt`, `seconds`, `by`, and where known `release`, `previous`, `commit`, `failure`, `backup`, `snapshot`, `migration`, `heldMs`, `doubt` (it does badly and could not go back by itself), `because` (nobody asked for it: what the watch saw)'

const results = [
  ['deploy', `${deployment}; with \`serving\` and all \`events\``],
  ['rollback', 'as of `deploy`'],
  ['promote', 'as of `deploy`; with `--dry-run` as of `plan`, with `proof` and `unseen`'],
  ['attach', 'as of `deploy`'],
  [
    'plan',
    '`kind`, `app`, `environment`, `version`, `current`, `services`, `migration`, `state`, `data`, `steps`, `config`, `changesPending`, and where known `database` (`bytes`, `backupSeconds`, `rehearsalSeconds`) and `rehearsal` (`report`: `row` is `changes-nothing`, `online`, `held`, `refused` or `fails`, with `says`, `at`, `mode`, `why`, `next`, `holdSeconds`, `migrationSeconds`, `changes`, `locks`, `output`)',
  ],
  [
    'status',
    '`app`, `environment`, `project`, `services`, `edge`, and where known `current`, `warm`, `database`, `lastDeployment`, `unfinished`, `lock`; with `--alert` also `alert` (`problems`, and `told` when it is news), with several servers also `servers`',
  ],
  ['history', 'a list of deployments, newest first, each as of `deploy` without `serving` and `events`'],
  ['logs', 'a list of `service` and `text`; not with `--follow`'],
  [
    'resume',
    '`resumed` (a deployment as of `history`, or null) and `events`; with `--all`: `projects`, each with `project`, `outcome` (`nothing`, `looked after`, `under way`, `ended`, `failed`), and where known `record` or `error`',
  ],
  ['exec', '`service`, and of the command `exitCode`, `stdout`, `stderr`'],
  ['at-start', '`file`, `unit`, `state` (`installed`, `missing`, `differs`, `off`), `changed`'],
  ['backup', '`file`, `kind`, `takenAt`, `bytes`, `sha256`, `seconds`'],
  [
    'check',
    '`file`, `app`, `environments`, `warnings`, and in a repository `scanned` (`files`, `skipped`, with `--history` also `history`)',
  ],
  ['secrets set, remove', '`environment`, `name`, `change`, `revision`, `file`'],
  ['secrets get', '`name`, `value`, and `encoding` (`base64`) where it is no text'],
  ['secrets list', '`environment`, `file`, `revision`, `proved`, `readers`, `secrets`'],
  ['secrets edit', '`environment`, `changes`, `file`'],
  ['secrets generate', '`environment`, `generated`, `byHand`, `file`'],
  ['secrets diff', '`environment`, `other`, `rows`, `sameValue`'],
  ['secrets check', '`checked`, `findings`, `identical`, `withoutRecovery`'],
  ['secrets rotate', 'as of `deploy`; where only the file is changed: `environment`, `name`, `rotated`, `file`'],
  ['secrets key', '`recipients`, `from`, `made`'],
  ['secrets recipients list', '`environment`, `recipients`'],
  ['secrets recipients add', '`environment`, `name`, `kind`, `key`, and `identity` where it was made'],
  ['secrets recipients remove', '`environment`, `removed`, `recipients`, `toRotate`'],
  ['server list', 'a list of `name`, `host`, `user`, `port`, `environments`, and `fingerprint` where one is pinned'],
  ['server trust', '`name`, `host`, `port`, `type`, `fingerprint`, `outcome` (`pinned`, `already`, `shown`), `file`'],
  ['server remove', '`name`, `wasPinned`, `file`'],
  ['server check', '`name`, `system`, `container`, `controls`, `pending`'],
  ['server setup, harden', '`name`, `system`, `container`, `controls`, `changed`, `seconds`'],
  [
    'server show',
    '`name`, `system`, `container`, `disk`, `memory`, `upSince`, `docker`, `containers`, `rebootNeeded`, `engineUpdates`, `deployKeys`',
  ],
  ['server upgrade', '`name`, `before`, `after`, `containers`'],
  ['server ssh', '`server`, `exitCode`, `stdout`, `stderr`; not without a command'],
] as const
