import { aptFunctions } from './apt-functions.ts'
import { controlsOf, resolved, type Finding, type Situation, type Topic } from './topic.ts'

/** One script that asks all controls of the topics: one round trip, and nothing on the server changes. */
export function checkScript(topics: readonly Topic[], situation: Situation): string {
  const preludes = topics.flatMap(topic => (topic.prelude === undefined ? [] : [topic.prelude(situation)]))
  const questions = topics.flatMap(topic =>
    asked(topic, situation).map(
      control => `printf '${mark}%s${separator}' ${control.id}\n( ${resolved(control.found, situation)}\n) 2>/dev/null`,
    ),
  )
  return [aptFunctions, ...preludes, ...questions, `printf '${mark}end${separator}'`].join('\n')
}

/** Undefined when the answers are not whole. */
export function readFindings(printed: string, topics: readonly Topic[], situation: Situation): Finding[] | undefined {
  const answers = new Map(
    printed.split('\u001e').flatMap(part => {
      const at = part.indexOf('\u001f')
      return at < 0 ? [] : [[part.slice(0, at), part.slice(at + 1)] as const]
    }),
  )
  if (!answers.has('end')) return undefined
  return topics.flatMap(topic =>
    controlsOf(topic, situation).map((control): Finding => {
      const wanted = resolved(control.wanted, situation)
      const common = { id: control.id, topic: topic.id, title: control.title, why: control.why, wanted }
      if (isHosts(control, situation)) return { ...common, state: 'left to the host', found: '' }
      const answer = answers.get(control.id) ?? ''
      const found = shown(control.read?.(answer, situation) ?? answer)
      const otherwise = control.byHand === true ? 'by hand' : 'pending'
      return { ...common, state: found === wanted ? 'as wanted' : otherwise, found }
    }),
  )
}

/** As printf of the shell reads them; the characters themselves appear in no answer. */
const mark = '\\036'
const separator = '\\037'

function asked(topic: Topic, situation: Situation): Topic['controls'] {
  return controlsOf(topic, situation).filter(control => !isHosts(control, situation))
}

function isHosts(control: Topic['controls'][number], { facts }: Situation): boolean {
  return control.inContainer === 'host' && facts.container !== 'none'
}

const mostShown = 2000

/** A server may say anything: what is shown is one line of bounded length without control characters. */
function shown(answer: string): string {
  const lines = answer
    .slice(0, mostShown)
    .split('\n')
    .map(each => each.trim())
  return lines
    .filter(each => each !== '')
    .join(' ')
    .replace(/\p{Cc}/gu, '?')
}
