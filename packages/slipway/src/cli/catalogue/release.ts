import { exitCodes } from '../../support/errors.ts'
import { defineCommand } from '../command.ts'
import { commonExits, deploymentExits, environment } from './shared.ts'

const commit = {
  kind: 'text',
  value: 'sha',
  does: 'with `source: git`: this commit, by its full name, and not the newest of the branch',
} as const

export const deployCommand = defineCommand({
  name: 'deploy',
  group: 'Release',
  summary: 'make a release of the code as it is and bring it live, or bring everything back',
  details: 'Ctrl-C ends it at the next safe point; a second one leaves at once, and the next command tidies up.',
  examples: [
    { does: 'deploy to production', run: 'slipway deploy prod' },
    { does: 'in a pipeline, with the result for other programs', run: 'slipway deploy prod --json > deployment.json' },
    { does: 'the very commit that was tested', run: 'slipway deploy prod --commit "$GITHUB_SHA"' },
  ],
  arguments: environment,
  options: { commit },
  onInterrupt: 'safe point',
  exits: deploymentExits,
  handler: () => import('../commands/deploy.ts'),
})

export const planCommand = defineCommand({
  name: 'plan',
  group: 'Release',
  summary: 'show what deploy would do, and change nothing',
  details: [
    'Exits with 6 when changes are pending, so that a pipeline can ask.',
    '--rehearse runs the migration on a throwaway copy of the database, with the old release on the result, and tells',
    'whether requests would wait and for how long. Production is only read. Later plans show what it said.',
  ].join('\n'),
  examples: [
    { does: 'what would a deployment to production do?', run: 'slipway plan prod' },
    { does: 'and how would its migration run there?', run: 'slipway plan prod --rehearse' },
    { does: 'in a script: is anything pending?', run: 'slipway plan prod > plan.txt; [ $? -eq 6 ] && echo pending' },
  ],
  arguments: environment,
  options: {
    rehearse: { kind: 'flag', does: 'run the migration on a copy of the database, and tell how it went' },
    commit,
  },
  onInterrupt: 'safe point',
  exits: {
    ...commonExits,
    [exitCodes.ok]: 'no changes',
    [exitCodes.failedNothingChanged]: 'failed, or the rehearsal shows that a deployment would end there',
    [exitCodes.locked]: 'a deployment is under way, so that nothing can be rehearsed',
    [exitCodes.changesPending]: 'changes are pending',
    [exitCodes.interrupted]: 'interrupted',
  },
  handler: () => import('../commands/plan.ts'),
})

export const promoteCommand = defineCommand({
  name: 'promote',
  group: 'Release',
  summary: 'deploy to one environment the very images that another one has proven',
  details: [
    'The images are those that run there now, by digest: nothing is built. Data, settings and secrets are those of the',
    'environment that gets them, and its migration is rehearsed on its own data, as in every deployment. What is not',
    'healthy and proven there, is in no registry, or would run with other Compose files or migrations than it was tested',
    'with, is refused with the reason.',
  ].join('\n'),
  examples: [
    { does: 'what was tested in staging goes to production', run: 'slipway promote staging prod' },
    { does: 'what would that be?', run: 'slipway promote staging prod --dry-run' },
  ],
  arguments: {
    from: { does: 'environment that has proven them', required: true },
    to: { does: 'environment that gets them', required: true },
  },
  options: { 'dry-run': { kind: 'flag', does: 'show what would be promoted and deployed, and change nothing' } },
  onInterrupt: 'safe point',
  exits: { ...deploymentExits, [exitCodes.changesPending]: 'with --dry-run: changes are pending' },
  handler: () => import('../commands/promote.ts'),
})

export const rollbackCommand = defineCommand({
  name: 'rollback',
  group: 'Release',
  summary: 'go back to the release before, or to an older one',
  details: [
    'Code goes back at once. When the older release can not read the data of today, --data decides:',
    'keep leaves the data, restore brings back the data of then. What was written since is lost to the app,',
    'so restore asks for the name of the app; the data left behind is kept under another name.',
  ].join('\n'),
  examples: [
    { does: 'go back to the release before', run: 'slipway rollback prod' },
    { does: 'go back to a certain release', run: 'slipway rollback prod r11' },
    { does: 'code and data together', run: 'slipway rollback prod r11 --data restore --confirm shop' },
  ],
  arguments: { ...environment, release: { does: 'release to go back to, as in history', required: false } },
  options: {
    data: { kind: 'choice', values: ['keep', 'restore'], does: 'what happens to the data' },
    confirm: { kind: 'text', value: 'app', does: 'name of the app: yes, what was written since may be lost' },
  },
  onInterrupt: 'safe point',
  exits: deploymentExits,
  handler: () => import('../commands/rollback.ts'),
})

export const resumeCommand = defineCommand({
  name: 'resume',
  group: 'Release',
  summary: 'end a deployment whose process died: all as before, or all new',
  details: [
    'Every other command does this first by itself. It also has a release that is kept warm looked after again.',
    '--all does it for every environment that this machine deploys itself: slipway at-start has that done by the start of',
    'the machine.',
  ].join('\n'),
  examples: [
    { does: 'was something cut off? end it', run: 'slipway resume prod' },
    { does: 'in any environment of this machine', run: 'slipway resume --all' },
  ],
  arguments: environment,
  options: { all: { kind: 'flag', does: 'every environment that this machine deploys itself' } },
  onInterrupt: 'leave',
  exits: {
    ...commonExits,
    [exitCodes.ok]: 'ended, or nothing to end',
    [exitCodes.needsPerson]: 'it can not be ended: a person must look',
    [exitCodes.locked]: 'a deployment of this environment is under way',
  },
  handler: () => import('../commands/resume.ts'),
})
