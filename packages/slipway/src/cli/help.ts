import { commands, topics } from './catalogue.ts'
import {
  commandGroups,
  optionSyntax,
  argumentSyntax,
  restSyntax,
  usageOf,
  type Command,
  type OptionDefinition,
} from './command.ts'
import { globalOptions } from './global-options.ts'

/** `slipway --help`: what one does with it, by purpose. */
export function rootHelp(): string {
  const groups = commandGroups
    .map(group => ({ group, members: commands.filter(command => command.group === group) }))
    .filter(({ members }) => members.length > 0)
    .map(({ group, members }) => section(group, rootRows(members)))
  return [
    'Deploys Docker Compose apps and hauls them back:\ncode, configuration, secrets and database as one release.',
    'Usage: slipway <command> [options]',
    ...groups,
    section('Options', [...globalOptions.map(pair), ['-V, --version', 'print the version']]),
    'slipway <command> --help shows examples, options and exit codes of a command.',
    '',
  ].join('\n\n')
}

/** `slipway secrets --help`: the commands of two or three words that begin alike. */
export function topicHelp(topic: string): string {
  const members = commands.filter(command => command.name.startsWith(`${topic} `))
  const about = topics.find(each => each.name === topic)
  return [
    `Usage: slipway ${topic} <command> [options]`,
    ...(about === undefined ? [] : [about.summary.replace(/^./, first => first.toUpperCase()) + `\n${about.details}`]),
    section(
      'Commands',
      members.map(each => [each.name, each.summary]),
    ),
    section('Options', globalOptions.map(pair)),
    `slipway ${topic} <command> --help shows examples, options and exit codes of a command.`,
    '',
  ].join('\n\n')
}

/** Commands of a topic are one line here. */
function rootRows(members: readonly Command[]): Row[] {
  const rows = new Map<string, Row>()
  for (const { name, summary } of members) {
    const topic = topics.find(each => name.startsWith(`${each.name} `))
    rows.set(topic?.name ?? name, topic === undefined ? [name, summary] : [`${topic.name} …`, topic.summary])
  }
  return [...rows.values()]
}

/** Usage and examples come first: that is what one looks for. */
export function commandHelp(command: Command): string {
  const args = Object.entries(command.arguments).map(([name, each]): Row => [argumentSyntax(name, each), each.does])
  const rest: Row[] = command.rest === undefined ? [] : [[restSyntax(command.rest), command.rest.does]]
  const options = Object.entries(command.options).map(
    ([name, each]): Row => [optionSyntax(name, each), optionText(each)],
  )
  const exits = Object.entries(command.exits).map(([code, means]): Row => [code, means])
  return [
    `Usage: ${usageOf(command)}`,
    command.summary.replace(/^./, first => first.toUpperCase()) +
      (command.details === undefined ? '' : `\n${command.details}`),
    section(
      'Examples',
      command.examples.flatMap(example => [[`# ${example.does}`], [example.run]]),
    ),
    ...(args.length + rest.length === 0 ? [] : [section('Arguments', [...args, ...rest])]),
    section('Options', [...options, ...globalOptions.map(pair)]),
    section('Exit codes', exits),
    '',
  ].join('\n\n')
}

export function optionText(option: OptionDefinition): string {
  return option.kind === 'number' ? `${option.does} (default ${option.default})` : option.does
}

type Row = readonly [string] | readonly [string, string]

function pair(option: { syntax: string; does: string }): Row {
  return [option.syntax, option.does]
}

function section(title: string, rows: readonly Row[]): string {
  const columns = Math.max(...rows.map(([left, right]) => (right === undefined ? 0 : left.length))) + 2
  return [
    `${title}:`,
    ...rows.map(([left, right]) => (right === undefined ? `  ${left}` : `  ${left.padEnd(columns)}${right}`)),
  ].join('\n')
}
