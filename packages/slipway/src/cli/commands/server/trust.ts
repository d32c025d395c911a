import { exitCodes } from '../../../support/errors.ts'
import type { Handler } from '../../command.ts'
import { labelled } from '../../render/trouble.ts'
import type { Screen } from '../../render/screen.ts'
import type { TrustReport } from '../../servers.ts'
import { openServers } from './open.ts'

export const run: Handler<{ server: string; fingerprint: string | undefined; any: boolean; replace: boolean }> = async (
  { server, fingerprint, any, replace },
  context,
) => {
  const servers = await openServers(context)
  const request = { acceptAny: any, replace, ...(fingerprint === undefined ? {} : { fingerprint }) }
  const report = await servers.trust(server, request)
  return {
    exitCode: report.outcome === 'shown' ? exitCodes.changesPending : exitCodes.ok,
    document: report,
    text: () => trustText(report, context.stdout),
  }
}

function trustText(report: TrustReport, screen: Screen): string {
  const { paint, symbols } = screen
  const { name, host, port, type, fingerprint, outcome, file } = report
  const title = {
    pinned: `${paint.good(symbols.done)} ${paint.strong(`the key of ${name} is pinned`)}`,
    already: `${paint.good(symbols.done)} ${paint.strong(`the key of ${name} was pinned before, and is the same`)}`,
    shown: `${paint.warning(symbols.note)} ${paint.strong(`${name} shows this key; nothing is pinned yet`)}`,
  }[outcome]
  const next =
    outcome === 'shown'
      ? `compare it with the console of the provider (ssh-keygen -lf /etc/ssh/ssh_host_${kindOf(type)}_key.pub), then: slipway server trust ${name} --fingerprint ${fingerprint}`
      : outcome === 'pinned'
        ? 'commit the file, so that everybody who deploys knows the same server'
        : undefined
  return [
    title,
    ...labelled('server', `${host} port ${port}`, screen, 8),
    ...labelled('key', `${type} ${fingerprint}`, screen, 8),
    ...labelled('file', file, screen, 8),
    ...labelled('next', next, screen, 8),
    '',
  ].join('\n')
}

function kindOf(type: string): string {
  return type.includes('ecdsa') ? 'ecdsa' : type.includes('rsa') ? 'rsa' : 'ed25519'
}
