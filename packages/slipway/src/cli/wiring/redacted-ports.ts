import type { Redactor } from '../../support/redact.ts'
import type { RealPorts } from './parts.ts'

/** What is written down of a deployment holds no secret. */
export function redactedPorts(ports: RealPorts, redact: Redactor): RealPorts {
  const { journal, experience } = ports
  return {
    ...ports,
    ...(experience === undefined
      ? {}
      : { experience: { ...experience, add: more => experience.add(redact.event(more)) } }),
    journal: {
      ...journal,
      open: async id => {
        const opened = await journal.open(id)
        return { ...opened, append: event => opened.append(redact.event(event)) }
      },
    },
  }
}
