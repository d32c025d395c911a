import type { Context } from '../../context.ts'
import { writeNote } from '../../render/note.ts'
import type { Servers } from '../../servers.ts'

export async function openServers(context: Context): Promise<Servers> {
  const wiring = await context.wiring()
  return wiring.openServers(context.options.config)
}

/** One dim line on stderr for each thing that begins. */
export function noting({ stderr }: Context): (text: string) => void {
  return text => writeNote(stderr, text)
}

export function loginOf(login: string | undefined): { login?: string } {
  return login === undefined ? {} : { login }
}
