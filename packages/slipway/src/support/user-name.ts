import { userInfo } from 'node:os'

/** Of who runs this; undefined: without an entry in the password file (a container, say) nobody has one. */
export function userName(): string | undefined {
  try {
    return userInfo().username
  } catch {
    return undefined
  }
}
