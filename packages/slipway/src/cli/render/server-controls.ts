import type { Finding } from '../../servers/setup/topic.ts'
import type { ServerCheck, ServerSetUp } from '../servers.ts'
import { oneLine } from './harmless.ts'
import { cut } from './layout.ts'
import type { Screen } from './screen.ts'
import { duration, plural } from './words.ts'

/** What a set-up would change, topic by topic, with what is there now and why it should be otherwise. */
export function checkText(report: ServerCheck, all: boolean, screen: Screen): string {
  const { paint, symbols } = screen
  const { name, system, controls, pending } = report
  const hosts = controls.filter(({ state }) => state === 'left to the host').length
  const count = plural(controls.length - hosts, 'control')
  const byHand = controls.filter(({ state }) => state === 'by hand').length
  const heading =
    pending === 0 && byHand > 0
      ? `${paint.warning(symbols.note)} ${paint.strong(`${name}: a person has to look at ${byHand} of ${count}`)}`
      : pending === 0
        ? `${paint.good(symbols.done)} ${paint.strong(`${name} is as wanted: ${count} hold`)}`
        : `${paint.warning(symbols.note)} ${paint.strong(`${name}: a set-up would change ${pending} of ${count}`)}`
  const shown = controls.filter(({ state }) => all || state === 'pending' || state === 'by hand')
  return [
    `${heading}  ${paint.dim(oneLine(system))}`,
    ...byTopic(shown, screen, false),
    ...leftToHost(hosts, report.container, screen),
    ...(pending === 0 ? [] : ['', `  ${paint.accent(`${symbols.arrow} slipway server setup ${name}`)}`]),
    '',
  ].join('\n')
}

/** What a set-up has changed. */
export function setUpText(report: ServerSetUp, screen: Screen): string {
  const { paint, symbols } = screen
  const { name, system, controls, changed, seconds } = report
  const hosts = controls.filter(({ state }) => state === 'left to the host').length
  const byHand = controls.filter(({ state }) => state === 'by hand')
  const what = changed.length === 0 ? 'nothing to change' : `${changed.length} changed in ${duration(seconds)}`
  return [
    `${paint.good(symbols.done)} ${paint.strong(`${name} takes deployments: ${what}, ${plural(controls.length - hosts - byHand.length, 'control')} hold`)}  ${paint.dim(oneLine(system))}`,
    ...byTopic(changed, screen, true),
    ...byTopic(byHand, screen, false),
    ...leftToHost(hosts, report.container, screen),
    '',
  ].join('\n')
}

function byTopic(findings: readonly Finding[], screen: Screen, done: boolean): string[] {
  const topics = [...new Set(findings.map(({ topic }) => topic))]
  return topics.flatMap(topic => [
    '',
    `  ${screen.paint.strong(topic)}`,
    ...findings.filter(finding => finding.topic === topic).flatMap(finding => findingLines(finding, screen, done)),
  ])
}

function findingLines({ state, title, why, found, wanted }: Finding, screen: Screen, done: boolean): string[] {
  const { paint, symbols } = screen
  const line = (text: string): string => cut(oneLine(text), screen.columns() - 5, symbols.more)
  if (state !== 'pending' && state !== 'by hand') {
    const mark = state === 'as wanted' ? paint.good(symbols.done) : paint.dim(symbols.skipped)
    return [`  ${mark} ${line(title)}`]
  }
  const change = `${found === '' ? 'nothing' : found} ${symbols.arrow} ${wanted}`
  return [
    `  ${done ? paint.good(symbols.done) : paint.warning(symbols.note)} ${line(title)}`,
    `    ${paint.dim(line(change))}`,
    ...(done ? [] : [`    ${paint.dim(line(why))}`]),
  ]
}

function leftToHost(count: number, container: string, { paint, symbols }: Screen): string[] {
  if (count === 0) return []
  return [
    '',
    `  ${paint.dim(`${symbols.skipped} ${count} left to the machine below: this is a container (${oneLine(container)})`)}`,
  ]
}
