import type { Context, Result } from './context.ts'

/** A command is data: the parser, `--help` and the reference are made of it. Its handler is loaded when it runs. */
export interface Command {
  name: string
  group: CommandGroup
  summary: string
  /** What `--help` adds to the summary. */
  details?: string
  /** What is said of a mistake in its line, before the way to its help. */
  mistaken?: string
  examples: readonly { does: string; run: string }[]
  arguments: Record<string, ArgumentDefinition>
  options: Record<string, OptionDefinition>
  /** Words behind `--`, which are another program's and are taken exactly as they are; at least one. */
  rest?: { name: string; does: string }
  /** What the first Ctrl-C does: the handler ends at its next safe point by itself, or is left at once. */
  onInterrupt: 'safe point' | 'leave'
  /** Exit codes that mean something particular here. */
  exits: Readonly<Record<number, string>>
  handler: () => Promise<{ run: Handler<never> }>
}

export type Handler<Input> = (input: Input, context: Context) => Promise<Result>

export const commandGroups = ['Release', 'Look', 'Data', 'Secrets', 'Set up', 'Servers'] as const
export type CommandGroup = (typeof commandGroups)[number]

export interface ArgumentDefinition {
  does: string
  required: boolean
}

export type OptionDefinition =
  | { kind: 'flag'; does: string }
  | { kind: 'text'; value: string; does: string }
  | { kind: 'number'; value: string; does: string; default: number; most: number }
  | { kind: 'choice'; values: readonly string[]; does: string }

/** Checks that the handler takes what the arguments and options give. */
export function defineCommand<
  const Arguments extends Record<string, ArgumentDefinition>,
  const Options extends Record<string, OptionDefinition>,
>(
  command: Omit<Command, 'arguments' | 'options' | 'handler'> & {
    arguments: Arguments
    options: Options
    handler: () => Promise<{ run: Handler<InputOf<Arguments, Options> & Rest> }>
  },
): Command {
  return command
}

/** Empty for a command that takes no such words. */
interface Rest {
  rest: readonly string[]
}

type InputOf<Arguments, Options> = { [Name in keyof Arguments]: ArgumentValue<Arguments[Name]> } & {
  [Name in keyof Options]: OptionValue<Options[Name]>
}

type ArgumentValue<Argument> = Argument extends { required: true } ? string : string | undefined

type OptionValue<Option> = Option extends { kind: 'flag' }
  ? boolean
  : Option extends { kind: 'number' }
    ? number
    : Option extends { kind: 'choice'; values: readonly (infer Value)[] }
      ? Value | undefined
      : string | undefined

/** `--data <keep|restore>`, as help and parser write it. */
export function optionSyntax(name: string, option: OptionDefinition): string {
  switch (option.kind) {
    case 'flag':
      return `--${name}`
    case 'choice':
      return `--${name} <${option.values.join('|')}>`
    default:
      return `--${name} <${option.value}>`
  }
}

export function argumentSyntax(name: string, argument: ArgumentDefinition): string {
  return argument.required ? `<${name}>` : `[${name}]`
}

export function restSyntax(rest: { name: string }): string {
  return `-- <${rest.name}...>`
}

export function usageOf(command: Command): string {
  const args = Object.entries(command.arguments).map(([name, argument]) => argumentSyntax(name, argument))
  const rest = command.rest === undefined ? [] : [restSyntax(command.rest)]
  return ['slipway', command.name, ...args, '[options]', ...rest].join(' ')
}
