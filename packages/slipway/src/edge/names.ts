import { SlipwayError } from '../support/errors.ts'

/** What becomes a path, an argument or part of a Caddy document is one of these; everything else is refused. Pure. */
export function safeName(name: string, what: string): string {
  if (name.length <= 128 && /^[a-z0-9][a-z0-9_.-]*$/.test(name)) return name
  throw new SlipwayError('EDGE_FAILED', `The edge can not serve ${what} ${JSON.stringify(name.slice(0, 80))}`, {
    why: 'Names that become paths are limited to a-z, 0-9, "_", "." and "-", and begin with a letter or digit.',
    state: 'Nothing was changed.',
    next: 'Rename it.',
  })
}

/** The name of a Docker network; one that a person made may have capitals. */
export function safeNetworkName(name: string): string {
  safeName(name.toLowerCase(), 'the network')
  return name
}

/** A host name, or one with a leading `*.`; in lower case. */
export function safeHost(host: string): string {
  const lower = host.toLowerCase()
  if (lower.length <= 253 && hostName.test(lower)) return lower
  throw new SlipwayError('CONFIG_INVALID', `The edge can not serve the host ${JSON.stringify(host.slice(0, 80))}`, {
    why: 'It is not a host name.',
    state: 'Nothing was changed.',
    next: 'Write it as in app.example.com or *.example.com.',
  })
}

/** An address or network as Caddy reads it. */
export function safeNetwork(network: string): string {
  if (/^[0-9a-f.:]{2,45}(\/\d{1,3})?$/i.test(network)) return network
  throw new SlipwayError('CONFIG_INVALID', `The edge can not trust the proxy ${JSON.stringify(network.slice(0, 80))}`, {
    why: 'It is not an address or network.',
    state: 'Nothing was changed.',
    next: 'Write it as in 10.0.0.5 or 10.0.0.0/8.',
  })
}

const label = '[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?'
const hostName = new RegExp(`^(\\*\\.)?${label}(\\.${label})*$`)
