import type { Problem } from '../../support/errors.ts'
import type { ComposeDocument, ComposeService } from '../document.ts'
import type { FilePlace, Locator } from '../locate.ts'
import type { EnvironmentConfig, ServiceRole } from '../model.ts'
import { type DetectedService, own } from '../roles.ts'

/** Everything that a check looks at. */
export interface Subject {
  config: EnvironmentConfig
  document: ComposeDocument
  services: readonly DetectedService[]
  locator: Locator
}

/** One rule; it changes nothing and reads no file. */
export type Check = (subject: Subject) => Problem[]

export function problem(severity: Problem['severity'], place: FilePlace, message: string, mend: string): Problem {
  return { severity, ...place, message, mend }
}

/** The services of some roles, each with its Compose definition. */
export function servicesOf(
  subject: Subject,
  ...roles: ServiceRole[]
): { service: DetectedService; compose: ComposeService }[] {
  return subject.services
    .filter(service => roles.includes(service.role))
    .map(service => ({ service, compose: own(subject.document.services, service.name) ?? {} }))
}
