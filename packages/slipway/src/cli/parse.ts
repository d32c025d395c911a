import type { Command as Parser, Option } from 'commander'
import { SlipwayError } from '../support/errors.ts'
import { commands, topics } from './catalogue.ts'
import { argumentSyntax, optionSyntax, usageOf, type Command, type OptionDefinition } from './command.ts'
import type { GlobalOptions } from './context.ts'
import { commandHelp, rootHelp, topicHelp } from './help.ts'
import { oneLine } from './render/harmless.ts'

/** What the command line asks for. Throws USAGE for what no command takes. */
export async function parseCommandLine(argv: readonly string[]): Promise<Parsed> {
  if (argv.length === 0) return { kind: 'help', text: rootHelp() }
  const commander = await import('commander')
  let parsed: Parsed | undefined
  let help = ''
  const root = new commander.Command('slipway')
  const quiet = { writeOut: (text: string) => void (help += text), writeErr: () => {} }
  root.exitOverride().configureOutput(quiet).helpCommand(true)
  root.helpInformation = rootHelp
  root.option('--json').option('--config <file>').option('--no-color').option('--debug')
  const placed = new Map<string, Parser>([['', root]])
  for (const command of commands) {
    const words = command.name.split(' ')
    const parser = topicOf(words.slice(0, -1))
      .command(words.at(-1) ?? '')
      .exitOverride()
      .configureOutput(quiet)
    parser.helpInformation = () => commandHelp(command)
    addInputs(parser, command, commander)
    parser.action((...given: unknown[]) => {
      parsed = { kind: 'run', command, input: inputOf(parser, command, given, argv), options: optionsOf(root) }
    })
  }
  try {
    root.parse([...argv], { from: 'user' })
  } catch (thrown) {
    if (!(thrown instanceof commander.CommanderError)) throw thrown
    if (thrown.exitCode === 0) return { kind: 'help', text: help }
    throw thrown.code === 'commander.help' ? usageError('A command is missing', argv) : usageError(thrown.message, argv)
  }
  return parsed ?? { kind: 'help', text: rootHelp() }

  /** The parser of `secrets` in `secrets set`. */
  function topicOf(words: readonly string[]): Parser {
    const topic = words.join(' ')
    const known = placed.get(topic)
    if (known !== undefined) return known
    const made = topicOf(words.slice(0, -1))
      .command(words.at(-1) ?? '')
      .exitOverride()
      .configureOutput(quiet)
    made.helpInformation = () => topicHelp(topic)
    placed.set(topic, made)
    return made
  }
}

export type Parsed =
  | { kind: 'help'; text: string }
  | { kind: 'run'; command: Command; input: Record<string, unknown>; options: GlobalOptions }

type Commander = typeof import('commander')

function addInputs(parser: Parser, command: Command, commander: Commander): void {
  // Which of the words are the command's own is not Commander's to tell: it forgets where `--` stood.
  if (command.rest !== undefined) parser.argument('[words...]')
  else for (const [name, argument] of Object.entries(command.arguments)) parser.argument(argumentSyntax(name, argument))
  for (const [name, option] of Object.entries(command.options))
    parser.addOption(commanderOption(name, option, commander))
  parser.allowExcessArguments(false)
}

function commanderOption(
  name: string,
  option: OptionDefinition,
  { Option: Made, InvalidArgumentError }: Commander,
): Option {
  const made = new Made(optionSyntax(name, option))
  if (option.kind === 'choice') return made.choices(option.values)
  if (option.kind !== 'number') return made
  return made.default(option.default).argParser((text: string) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
    if (value >= 1 && value <= option.most) return value
    throw new InvalidArgumentError(`It takes a whole number from 1 to ${option.most}.`)
  })
}

/** Commander gives the arguments in order, then the options. */
function inputOf(parser: Parser, command: Command, given: unknown[], argv: readonly string[]): Record<string, unknown> {
  const options = parser.opts()
  return {
    ...(command.rest === undefined
      ? { rest: [], ...Object.fromEntries(Object.keys(command.arguments).map((name, index) => [name, given[index]])) }
      : argumentsBefore(command, given[0] as string[], argv)),
    ...Object.fromEntries(
      Object.entries(command.options).map(([name, option]) => [
        name,
        options[storedAs(name)] ?? (option.kind === 'flag' ? false : undefined),
      ]),
    ),
  }
}

/** Commander keeps `--dry-run` as `dryRun`. */
function storedAs(option: string): string {
  return option.replace(/-([a-z])/g, (_hyphen, letter: string) => letter.toUpperCase())
}

/** Without what stands behind `--`. */
export function ownWords(argv: readonly string[]): readonly string[] {
  const at = argv.indexOf('--')
  return at < 0 ? argv : argv.slice(0, at)
}

/** With fewer words than arguments, those that may be left out are. */
function argumentsBefore(command: Command, words: readonly string[], argv: readonly string[]): Record<string, unknown> {
  const rest = argv.slice(ownWords(argv).length + 1)
  if (rest.length === 0)
    throw usageError(`Nothing to run: the ${command.rest?.name ?? 'command'} stands behind --`, argv)
  const own = words.slice(0, words.length - rest.length)
  let spare = own.length - Object.values(command.arguments).filter(argument => argument.required).length
  if (spare < 0) throw usageError('An argument is missing before --', argv)
  const left = [...own]
  const input = Object.entries(command.arguments).map(([name, { required }]) => {
    if (!required && spare <= 0) return [name, undefined]
    if (!required) spare -= 1
    return [name, left.shift()]
  })
  if (left.length > 0) throw usageError('Too many arguments before --', argv)
  return { rest, ...Object.fromEntries(input) }
}

function optionsOf(root: Parser): GlobalOptions {
  const { json, color, config, debug } = root.opts()
  return {
    json: json === true,
    color: color !== false,
    debug: debug === true,
    ...(typeof config === 'string' ? { config } : {}),
  }
}

/** Commander's sentences, such as `error: unknown option '--jsn'\n(Did you mean --json?)`, in our form. */
function usageError(message: string, argv: readonly string[]): SlipwayError {
  // What stands behind an equals sign may be a secret that somebody took for an argument.
  const harmless = message.replace(/'([^'=]*)=[\s\S]*'/, "'$1=…'")
  const [what = '', ...hints] = harmless.replace(/^error: /, '').split('\n')
  const command = commandIn(argv)
  const hint = oneLine(hints.join(' ')).replace(/^\(|\)$/g, '')
  const title = oneLine(what)
  return new SlipwayError('USAGE', title.charAt(0).toUpperCase() + title.slice(1), {
    why: command === undefined ? undefined : `Usage: ${usageOf(command)}`,
    next: [hint, command?.mistaken ?? '', `slipway${command === undefined ? topicIn(argv) : ` ${command.name}`} --help`]
      .filter(text => text !== '')
      .join('  '),
  })
}

/** The one with the most words, of those whose words all stand there one after the other. */
function commandIn(argv: readonly string[]): Command | undefined {
  const line = ` ${ownWords(argv).join(' ')} `
  return commands
    .filter(each => line.includes(` ${each.name} `))
    .toSorted((one, other) => other.name.length - one.name.length)[0]
}

function topicIn(argv: readonly string[]): string {
  const topic = topics.find(each => argv.includes(each.name))
  return topic === undefined ? '' : ` ${topic.name}`
}
