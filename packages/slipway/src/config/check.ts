import type { Problem } from '../support/errors.ts'
import { edgeMissing, hostClaimedTwice, hostsTellApart, hostsWithoutWeb, listenPort } from './checks/edge.ts'
import { portTaken, publishedPort, stateReachable } from './checks/edge.ts'
import { databaseIsState, databaseKnown, migrationService, servicesKnown } from './checks/names.ts'
import {
  certificatesApart,
  dependsElsewhere,
  jobsUnplaced,
  placedNowhere,
  placedServicesKnown,
  sameImages,
  stateOnce,
  volumeApart,
} from './checks/placement.ts'
import {
  fixedName,
  healthCheck,
  hostNetwork,
  imageTag,
  memoryLimit,
  sharedDatabase,
  stateVolume,
} from './checks/services.ts'
import type { Check, Subject } from './checks/subject.ts'
import { plainSecrets } from './checks/variables.ts'

/** What a deployment would refuse or stumble over: all rules over what was read. Reads no file and asks no program. */
export function checkServices(subject: Subject): Problem[] {
  return checks.flatMap(check => check(subject))
}

/** Of several servers: what would run nowhere, twice, or not alike. */
export function checkPlacement(subject: Subject): Problem[] {
  return placementChecks.flatMap(check => check(subject))
}

const placementChecks: readonly Check[] = [
  placedServicesKnown,
  placedNowhere,
  stateOnce,
  jobsUnplaced,
  sameImages,
  dependsElsewhere,
  volumeApart,
  certificatesApart,
]

const checks: readonly Check[] = [
  servicesKnown,
  databaseKnown,
  databaseIsState,
  migrationService,
  edgeMissing,
  listenPort,
  hostsTellApart,
  hostClaimedTwice,
  hostsWithoutWeb,
  publishedPort,
  portTaken,
  fixedName,
  hostNetwork,
  sharedDatabase,
  healthCheck,
  stateVolume,
  stateReachable,
  memoryLimit,
  imageTag,
  plainSecrets,
  ...placementChecks,
]
