import { exitCodes } from '../../support/errors.ts'

/** The argument that nearly every command has. */
export const environment = {
  environment: { does: 'environment of slipway.yaml; may be left out when there is only one', required: false },
} as const

export const commonExits = {
  [exitCodes.ok]: 'done',
  [exitCodes.failedNothingChanged]: 'failed, nothing changed',
  [exitCodes.usage]: 'mistake in the command line or the configuration',
}

export const deploymentExits = {
  [exitCodes.ok]: 'done, or nothing to do',
  [exitCodes.failedNothingChanged]: 'failed, nothing changed',
  [exitCodes.usage]: 'mistake in the command line or the configuration',
  [exitCodes.rolledBack]: 'failed and rolled back: what served before serves again',
  [exitCodes.needsPerson]: 'the way back failed too, or a bad release could not go back by itself: a person must look',
  [exitCodes.locked]: 'another deployment of this environment is under way',
  [exitCodes.interrupted]: 'interrupted',
}
