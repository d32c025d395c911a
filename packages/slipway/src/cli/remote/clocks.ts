import type { ServerConfig } from '../../config/model.ts'
import { SlipwayError } from '../../support/errors.ts'
import type { Hello } from './calls.ts'

/**
 * Certificates, tokens and the names of backups depend on the time. Which of the two clocks is wrong can not be told
 * from here. The time that the answer took counts for the server.
 */
export function proveClocksAgree({ now }: Hello, here: Date, server: Pick<ServerConfig, 'name'>): void {
  const apartMs = Math.abs(here.getTime() - Date.parse(now))
  if (apartMs <= mostApartMs) return
  throw new SlipwayError('CLOCK_WRONG', `The clock of the server ${server.name} differs from the one here`, {
    why: `it is ${now} there and ${here.toISOString()} here: ${Math.round(apartMs / 1000)} s apart`,
    state: 'nothing was changed',
    next: 'Set the wrong one: timedatectl set-ntp true',
  })
}

const mostApartMs = 120_000
