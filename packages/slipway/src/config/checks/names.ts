import type { Problem } from '../../support/errors.ts'
import type { Path } from '../yaml-source.ts'
import { nearestName } from '../suggest.ts'
import { own } from '../roles.ts'
import { type Check, problem, type Subject } from './subject.ts'

/** Every service that slipway.yaml names must be in the Compose files. */
export const servicesKnown: Check = subject =>
  Object.keys(subject.config.services).flatMap(name => unknownService(subject, name, ['services', name]))

export const databaseKnown: Check = subject => {
  const name = subject.config.database?.service
  return name === undefined ? [] : unknownService(subject, name, ['database', 'service'])
}

/** The database outlives releases, so it can be nothing but a state service. */
export const databaseIsState: Check = subject => {
  const found = subject.services.find(service => service.name === subject.config.database?.service)
  if (found === undefined || found.role === 'state') return []
  const place = subject.locator.setting(['services', found.name, 'role'])
  const message = `the database \`${found.name}\` is a ${found.role}: each release would bring its own`
  return [problem('error', place, message, 'Remove its `role`, or make it `role: state`.')]
}

export const migrationService: Check = subject => {
  const name = subject.config.migrate?.service
  if (name === undefined) return []
  const found = subject.services.find(service => service.name === name)
  if (found === undefined) return unknownService(subject, name, ['migrate', 'service'])
  if (found.role !== 'state') return []
  const place = subject.locator.setting(['migrate', 'service'])
  const message = `\`migrate.service\` is \`${name}\`, a state service: the migrator comes with a release`
  return [problem('error', place, message, 'Name the web service, worker or job whose image has the migrator.')]
}

export function unknownService(subject: Subject, name: string, path: Path): Problem[] {
  if (own(subject.document.services, name) !== undefined) return []
  const known = Object.keys(subject.document.services)
  const near = nearestName(name, known)
  const there = subject.locator.layers.some(layer => layer.get(['services', name]) !== undefined)
  const mend = there
    ? `It belongs to a profile that is not on: set COMPOSE_PROFILES, or remove its \`profiles\`.`
    : near === undefined
      ? `The Compose files have: ${known.join(', ') || 'no service'}.`
      : `Did you mean \`${near}\`?`
  return [problem('error', subject.locator.setting(path), `there is no service \`${name}\` in the Compose files`, mend)]
}
