import type { Context } from '../../context.ts'
import { oneLine } from '../../render/harmless.ts'
import type { Servers } from '../../servers.ts'

export async function openServers(context: Context): Promise<Servers> {
  const wiring = await context.wiring()
  return wiring.openServers(context.options.config)
}

/** One dim line on stderr for each thing that begins. */
export function noting({ stderr }: Context): (text: string) => void {
  return text => stderr.write(`  ${stderr.paint.dim(`${stderr.symbols.note} ${oneLine(text)}`)}\n`)
}

export function loginOf(login: string | undefined): { login?: string } {
  return login === undefined ? {} : { login }
}
