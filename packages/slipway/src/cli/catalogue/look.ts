import { exitCodes } from '../../support/errors.ts'
import { defineCommand } from '../command.ts'
import { commonExits, deploymentExits, environment } from './shared.ts'

export const statusCommand = defineCommand({
  name: 'status',
  group: 'Look',
  summary: 'show what serves now: release, services, edge, database',
  examples: [
    { does: 'is production well?', run: 'slipway status prod' },
    { does: 'from cron, every minute: be told when it goes down', run: '* * * * * slipway status prod --alert' },
    { does: 'which release serves?', run: 'slipway status prod --json | jq -r .result.current.release' },
  ],
  arguments: environment,
  options: {
    alert: { kind: 'flag', does: 'ask for its health, and run the `alert` hook when it went down or came back' },
  },
  onInterrupt: 'leave',
  exits: commonExits,
  handler: () => import('../commands/status.ts'),
})

export const historyCommand = defineCommand({
  name: 'history',
  group: 'Look',
  summary: 'list the deployments and rollbacks, newest first',
  examples: [
    { does: 'what happened lately?', run: 'slipway history prod' },
    { does: 'the last hundred', run: 'slipway history prod --lines 100' },
  ],
  arguments: environment,
  options: { lines: { kind: 'number', value: 'count', does: 'how many to show', default: 20, most: 100_000 } },
  onInterrupt: 'leave',
  exits: commonExits,
  handler: () => import('../commands/history.ts'),
})

export const logsCommand = defineCommand({
  name: 'logs',
  group: 'Look',
  summary: 'print what the containers of the current release say',
  examples: [
    { does: 'the last lines of all services', run: 'slipway logs prod' },
    { does: 'follow one service until Ctrl-C', run: 'slipway logs prod web --follow' },
  ],
  arguments: { ...environment, service: { does: 'only this service', required: false } },
  options: {
    follow: { kind: 'flag', does: 'go on with what comes, until Ctrl-C' },
    lines: {
      kind: 'number',
      value: 'count',
      does: 'how many past lines of each container',
      default: 100,
      most: 1_000_000,
    },
  },
  onInterrupt: 'safe point',
  exits: commonExits,
  handler: () => import('../commands/logs.ts'),
})

export const execCommand = defineCommand({
  name: 'exec',
  group: 'Look',
  summary: 'run a command in a container of the release that serves, or of a database beside it',
  details: [
    'With a terminal on both sides it gets one; else input, output and errors are passed through byte by byte.',
    "No shell reads the words behind --. The exit code is the command's own.",
  ].join('\n'),
  examples: [
    { does: 'a shell', run: 'slipway exec prod api -- sh' },
    { does: 'a question to the database', run: 'slipway exec prod db -- psql -U shop shop' },
    { does: 'what is piped in and out stays as it is', run: 'slipway exec prod db -- pg_dump -U shop shop > shop.sql' },
    { does: 'in the second container of a service', run: 'slipway exec prod api --replica 2 -- node --version' },
    { does: 'on one of several servers', run: 'slipway exec prod api --server app-2 -- node --version' },
  ],
  arguments: { ...environment, service: { does: 'the service to run it in', required: true } },
  options: {
    replica: { kind: 'text', value: 'number', does: 'which container, from 1; else the first that runs' },
    server: {
      kind: 'text',
      value: 'name',
      does: 'on which server, for an environment of several; else the only one that runs the service',
    },
  },
  rest: { name: 'command', does: 'the program and its arguments' },
  onInterrupt: 'safe point',
  exits: {
    ...commonExits,
    [exitCodes.ok]: 'the command ended with 0; every other code may be its own',
    [exitCodes.interrupted]: 'interrupted',
  },
  handler: () => import('../commands/exec.ts'),
})

export const attachCommand = defineCommand({
  name: 'attach',
  group: 'Look',
  summary: 'follow the deployment that a server carries out, or show how the last one ended',
  details: 'Ends with the exit code of the deployment. Ctrl-C asks it to end, as it does for deploy.',
  examples: [
    { does: 'after a laptop was closed or a pipeline was cut off', run: 'slipway attach prod' },
    { does: 'in a pipeline: how did it end?', run: 'slipway attach prod --json | jq -r .result.outcome' },
  ],
  arguments: environment,
  options: {},
  onInterrupt: 'safe point',
  exits: deploymentExits,
  handler: () => import('../commands/attach.ts'),
})
