import { SlipwayError } from '../support/errors.ts'

/** Users as images and Compose files write them: `node`, `1000`, `1000:1000`, `node:staff`. Pure. */
export interface User {
  uid: number
  gid: number
}

/** Without looking anything up; undefined: a name, or a number whose group is not said. */
export function parseUser(written: string): User | undefined {
  if (written === '' || written === 'root' || written === '0') return { uid: 0, gid: 0 }
  const [, uid, gid] = /^(\d{1,10}):(\d{1,10})$/.exec(written) ?? []
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) }
}

/** As Docker does it: by /etc/passwd and /etc/group of the image. */
export function userOf(written: string, passwd: string, group: string): User {
  const [user = '', wantedGroup] = written.split(':')
  const entry = fieldsOf(passwd).find(([name, , uid]) => name === user || (uid === user && isNumber(user)))
  const uid = isNumber(user) ? Number(user) : Number(entry?.[2] ?? Number.NaN)
  const gid = wantedGroup === undefined || wantedGroup === '' ? Number(entry?.[3] ?? 0) : groupOf(wantedGroup, group)
  if (Number.isInteger(uid) && Number.isInteger(gid)) return { uid, gid }
  throw new SlipwayError('START_FAILED', `The user ${JSON.stringify(written.slice(0, 60))} is not in the image`, {
    why: 'secrets must belong to the user that reads them, and /etc/passwd of the image does not have it',
    state: 'nothing that runs was touched',
    next: 'Write it as numbers in the Compose file: user: "1000:1000".',
  })
}

function groupOf(written: string, group: string): number {
  if (isNumber(written)) return Number(written)
  return Number(fieldsOf(group).find(([name]) => name === written)?.[2] ?? Number.NaN)
}

function fieldsOf(text: string): string[][] {
  return text.split('\n').map(line => line.split(':'))
}

function isNumber(text: string): boolean {
  return /^\d{1,10}$/.test(text)
}
