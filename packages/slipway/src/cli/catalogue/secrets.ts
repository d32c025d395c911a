import { secretFormatNames } from '../../secrets/formats.ts'
import { recipientKinds } from '../../secrets/sealed-file.ts'
import { exitCodes } from '../../support/errors.ts'
import { type Command, defineCommand } from '../command.ts'
import { commonExits, deploymentExits } from './shared.ts'

/** Values come on stdin or from a prompt: arguments can be seen by everybody on a machine, and stay in the shell's history. */

const of = { environment: { does: 'environment of slipway.yaml', required: true } } as const
const named = { ...of, name: { does: 'name of the secret, as in JWT_SECRET', required: true } } as const
const shared = { group: 'Secrets', onInterrupt: 'leave', exits: commonExits } as const

const valuesComeIn =
  'A value is typed unseen or piped in, and never an argument: everybody on the machine would see it.'

const setCommand = defineCommand({
  ...shared,
  name: 'secrets set',
  summary: 'set a secret: typed unseen, or piped in',
  details: 'One line break at the end of what is piped in is taken off, because `echo` adds it; --exact keeps it.',
  examples: [
    { does: 'type it, twice, unseen', run: 'slipway secrets set prod SMTP_PASSWORD' },
    { does: 'from another program', run: 'pass show smtp | slipway secrets set prod SMTP_PASSWORD' },
    { does: 'a whole file', run: 'slipway secrets set prod APNS_KEY --exact < AuthKey.p8' },
  ],
  mistaken: valuesComeIn,
  arguments: named,
  options: { exact: { kind: 'flag', does: 'keep a line break at the end of what is piped in' } },
  handler: () => import('../commands/secrets/set.ts'),
})

const getCommand = defineCommand({
  ...shared,
  name: 'secrets get',
  summary: 'print one secret to another program, or with --show to the screen',
  examples: [
    { does: 'into another program', run: 'slipway secrets get prod SMTP_PASSWORD | wl-copy' },
    { does: 'on the screen', run: 'slipway secrets get prod SMTP_PASSWORD --show' },
  ],
  arguments: named,
  options: { show: { kind: 'flag', does: 'yes, show it on the screen' } },
  handler: () => import('../commands/secrets/get.ts'),
})

const listCommand = defineCommand({
  ...shared,
  name: 'secrets list',
  summary: 'list names, what is declared of them and whether they fit; no values',
  details: 'Without a key, what stands in clear is listed.',
  examples: [{ does: 'what has production?', run: 'slipway secrets list prod' }],
  arguments: of,
  options: {},
  handler: () => import('../commands/secrets/list.ts'),
})

const editCommand = defineCommand({
  ...shared,
  name: 'secrets edit',
  summary: 'edit all secrets in $EDITOR',
  details: [
    'The clear text lies in a folder of your own, in memory where the system has such a place, and is removed whatever',
    'happens. vim and nvim are told to keep nothing beside it; what another editor copies elsewhere, Slipway can not know.',
  ].join('\n'),
  examples: [{ does: 'edit those of production', run: 'slipway secrets edit prod' }],
  arguments: of,
  options: {},
  handler: () => import('../commands/secrets/edit.ts'),
})

const removeCommand = defineCommand({
  ...shared,
  name: 'secrets remove',
  summary: 'remove a secret',
  examples: [{ does: 'it is not needed any more', run: 'slipway secrets remove prod SMTP_PASSWORD' }],
  arguments: named,
  options: {},
  handler: () => import('../commands/secrets/remove.ts'),
})

const generateCommand = defineCommand({
  ...shared,
  name: 'secrets generate',
  summary: 'make up a secret, or all that are declared and missing',
  details: 'Format and length are those of slipway.yaml, else about 256 bits in letters, digits, - and _.',
  examples: [
    { does: 'all that are declared, required and missing', run: 'slipway secrets generate prod' },
    { does: 'a certain one', run: 'slipway secrets generate prod JWT_SECRET --format hex --length 64' },
  ],
  arguments: { ...of, name: { does: 'name of the secret; absent: all that are missing', required: false } },
  options: {
    format: { kind: 'choice', values: secretFormatNames, does: 'what it looks like' },
    length: { kind: 'text', value: 'characters', does: 'how long it is' },
    replace: { kind: 'flag', does: 'also where there is one: what used it stops working at the next deployment' },
  },
  handler: () => import('../commands/secrets/generate.ts'),
})

const diffCommand = defineCommand({
  ...shared,
  name: 'secrets diff',
  summary: 'compare two environments: missing, extra, and identical where they must differ',
  examples: [{ does: 'does production share a password with staging?', run: 'slipway secrets diff staging prod' }],
  arguments: { ...of, other: { does: 'environment to compare it with', required: true } },
  options: {},
  exits: { ...commonExits, [exitCodes.failedNothingChanged]: 'values are identical that must differ, or it failed' },
  handler: () => import('../commands/secrets/diff.ts'),
})

const checkSecretsCommand = defineCommand({
  ...shared,
  name: 'secrets check',
  summary: 'check secrets against what slipway.yaml declares, and environments against each other',
  examples: [
    { does: 'all environments that a key at hand opens', run: 'slipway secrets check' },
    { does: 'one of them, in a pipeline', run: 'slipway secrets check prod --json' },
  ],
  arguments: { environment: { does: 'only this environment', required: false } },
  options: {},
  exits: { ...commonExits, [exitCodes.failedNothingChanged]: 'something is missing, does not fit or is identical' },
  handler: () => import('../commands/secrets/check.ts'),
})

const rotateCommand = defineCommand({
  ...shared,
  name: 'secrets rotate',
  summary: 'change a secret of the app and deploy; when the release does not come up, the old value is back',
  details: [
    'A new value is made up as declared, or taken as it is piped in; with --stdin nothing is ever made up. An address in',
    'it that is not understood is not replaced by a made-up word. The old release keeps the old value, so going back works.',
    'With `previous` declared, the old value is kept there, for an app that accepts both for a while: until a deployment',
    'has taken the new one it is not rotated again.',
    'The address of the database (postgres://…) gets a new login, which works as the role of before: both releases get in.',
  ].join('\n'),
  examples: [
    { does: 'a new signing key', run: 'slipway secrets rotate prod JWT_SECRET' },
    { does: 'a new login of the database', run: 'slipway secrets rotate prod DATABASE_URL' },
    {
      does: 'what somebody else gave out anew',
      run: 'pass show stripe | slipway secrets rotate prod STRIPE_KEY --stdin',
    },
  ],
  mistaken: valuesComeIn,
  arguments: named,
  options: {
    stdin: { kind: 'flag', does: 'read the new value from stdin, and never make one up' },
    later: { kind: 'flag', does: 'only change the file, and deploy later' },
    deployed: { kind: 'flag', does: 'yes, what serves has the value of the file (where `previous` is declared)' },
  },
  onInterrupt: 'safe point',
  exits: deploymentExits,
  handler: () => import('../commands/secrets/rotate.ts'),
})

const recipientsListCommand = defineCommand({
  ...shared,
  name: 'secrets recipients list',
  summary: 'list who can read the secrets',
  examples: [{ does: 'who can read those of production?', run: 'slipway secrets recipients list prod' }],
  arguments: of,
  options: {},
  handler: () => import('../commands/secrets/recipients-list.ts'),
})

const recipientsAddCommand = defineCommand({
  ...shared,
  name: 'secrets recipients add',
  summary: 'let somebody read the secrets: everything is encrypted anew',
  details: '--generate makes a key and prints its private half once, on stdout: for CI, or to be kept offline.',
  examples: [
    { does: 'a colleague', run: 'slipway secrets recipients add prod bea age1…' },
    {
      does: 'CI',
      run: 'slipway secrets recipients add prod ci --kind ci --generate | gh secret set SLIPWAY_AGE_KEY --env prod',
    },
    { does: 'a key for the safe', run: 'slipway secrets recipients add prod recovery --kind recovery --generate | lp' },
  ],
  arguments: {
    ...of,
    name: { does: 'who it is', required: true },
    key: { does: 'the public key, age1…; the colleague sees it with: slipway secrets key', required: false },
  },
  options: {
    kind: { kind: 'choice', values: recipientKinds, does: 'what it is (default person)' },
    generate: { kind: 'flag', does: 'make a new key' },
  },
  handler: () => import('../commands/secrets/recipients-add.ts'),
})

const recipientsRemoveCommand = defineCommand({
  ...shared,
  name: 'secrets recipients remove',
  summary: 'encrypt everything anew without somebody, and list what that one has read',
  details: 'What somebody could read is known to that one for ever: rotate it where it was made.',
  examples: [{ does: 'somebody has left', run: 'slipway secrets recipients remove prod bea' }],
  arguments: { ...of, name: { does: 'who it is', required: true } },
  options: {},
  handler: () => import('../commands/secrets/recipients-remove.ts'),
})

const keyCommand = defineCommand({
  ...shared,
  name: 'secrets key',
  summary: 'show your public key, and make a key where there is none',
  examples: [{ does: 'what do I tell a colleague, to be added?', run: 'slipway secrets key' }],
  arguments: {},
  options: {},
  handler: () => import('../commands/secrets/key.ts'),
})

export const secretsCommands: readonly Command[] = [
  setCommand,
  getCommand,
  listCommand,
  editCommand,
  removeCommand,
  generateCommand,
  diffCommand,
  checkSecretsCommand,
  rotateCommand,
  recipientsListCommand,
  recipientsAddCommand,
  recipientsRemoveCommand,
  keyCommand,
]
