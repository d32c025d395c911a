import { commands } from '../catalogue.ts'
import { argumentSyntax, optionSyntax, restSyntax, usageOf, type Command } from '../command.ts'
import { globalOptions } from '../global-options.ts'
import { optionText } from '../help.ts'
import { code, generatedFrom, markdownTable } from './markdown.ts'

export function commandsReference(): string {
  return [
    '# Commands',
    generatedFrom('cli/catalogue'),
    'The result goes to stdout, everything else to stderr. Every command takes these options, before or after its name:',
    markdownTable(
      ['Option', ''],
      globalOptions.map(option => [code(option.syntax), option.does]),
    ),
    ...commands.map(commandReference),
  ].join('\n\n')
}

function commandReference(command: Command): string {
  const inputs = [
    ...Object.entries(command.arguments).map(([name, argument]) => [
      code(argumentSyntax(name, argument)),
      argument.does,
    ]),
    ...(command.rest === undefined ? [] : [[code(restSyntax(command.rest)), command.rest.does]]),
    ...Object.entries(command.options).map(([name, option]) => [code(optionSyntax(name, option)), optionText(option)]),
  ]
  const exits = Object.entries(command.exits).map(([exit, means]) => [exit, means])
  return [
    `## ${command.name}`,
    command.summary.replace(/^./, first => first.toUpperCase()) + '.',
    ...(command.details === undefined ? [] : [command.details]),
    ['```sh', ...command.examples.flatMap(example => [`# ${example.does}`, example.run]), '```'].join('\n'),
    code(usageOf(command)),
    ...(inputs.length === 0 ? [] : [markdownTable(['', ''], inputs)]),
    markdownTable(['Exit code', ''], exits),
  ].join('\n\n')
}
