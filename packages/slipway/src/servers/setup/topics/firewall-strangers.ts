import type { Control, Situation } from '../topic.ts'
import { allowedPorts } from '../wishes.ts'
import { ruleText } from './firewall-owned.ts'
import { hostRules } from './firewall-rules.ts'

/**
 * What lets strangers in although slipway.yaml does not want it: rules that a person made, that an older set-up left, or
 * that another project needs. They are named and left alone, since nobody but who made them knows what they are for.
 */
export const strangers: Control = {
  id: 'firewall.strangers',
  title: 'no other rule of UFW lets strangers in',
  why: 'Set-up leaves such rules to people: `ufw delete` and the rule as it stands here, or want its port in open_ports.',
  found: `printf 'rules\\n'; ufw show added 2>/dev/null | sed -n 's/^ufw //p'
printf 'profiles\\n'; sed -n -e '/^\\[.*\\]$/p' -e '/^ports=/p' /etc/ufw/applications.d/* 2>/dev/null
printf 'devices\\n'; { ip -o route show default; ip -o -6 route show default; } 2>/dev/null | sed -n 's/.* dev \\([^ ]*\\).*/\\1/p'
printf 'others\\n'; ufw_others`,
  read: (answer, situation) => strangersRules(answer, situation).join('; ') || 'none',
  wanted: 'none',
  byHand: true,
}

export function strangersRules(answer: string, situation: Situation): string[] {
  const asked = sections(answer)
  const profiles = profilePorts(asked('profiles'))
  const devices = asked('devices')
  const wanted = new Set(hostRules(situation).map(ruleText))
  const others = new Set(asked('others'))
  return asked('rules').flatMap(line => {
    const text = line.replace(/ comment '.*'$/, '')
    const rule = readRule(text)
    if (rule === undefined || wanted.has(rule.text)) return []
    if (rule.device !== undefined && !devices.includes(rule.device)) return []
    const ports = portsOf(rule.target, profiles)
    const opensSsh = mayOpenSsh(ports, situation)
    if (rule.from !== undefined)
      return opensSsh && !isLetIn(rule.from, situation) && !others.has(rule.text) ? [text] : []
    if (ports !== undefined && ports.every(port => isOpen(port, situation))) return []
    return others.has(rule.text) && !opensSsh ? [] : [text]
  })
}

interface AllowRule {
  /** Without `allow` or `limit`. */
  text: string
  /** Undefined: from anywhere. */
  from: string | undefined
  device: string | undefined
  /** Ports or the name of a profile; undefined: everything. */
  target: string | undefined
}

interface PortRange {
  first: number
  last: number
  protocol: string
}

/** Undefined for what lets nobody in to this machine: refusals, what goes out, what is passed on. */
function readRule(line: string): AllowRule | undefined {
  const [, text = ''] = /^(?:allow|limit) (?:log(?:-all)? )?(.*)$/.exec(line) ?? []
  if (text === '' || /^out\b/.test(text)) return undefined
  const device = /^in on (\S+)/.exec(text)?.[1]
  const rest = text.replace(/^in(?: on \S+)? ?/, '')
  const source = /\bfrom (\S+)/.exec(rest)?.[1]
  const from = source === undefined || ['any', '0.0.0.0/0', '::/0'].includes(source) ? undefined : source
  if (!/\b(?:from|to|proto) \S/.test(rest)) return { text, from, device, target: rest === '' ? undefined : rest }
  const named = /\bto \S+ (?:port|app) (?:'([^']*)'|"([^"]*)"|(\S+))/.exec(rest)
  const ports = named?.[1] ?? named?.[2] ?? named?.[3]
  const protocol = /\bproto (\S+)/.exec(rest)?.[1]
  return { text, from, device, target: ports === undefined || protocol === undefined ? ports : `${ports}/${protocol}` }
}

/** Undefined when it may be any. */
function portsOf(target: string | undefined, profiles: ReadonlyMap<string, string>): PortRange[] | undefined {
  if (target === undefined) return undefined
  const name = target.replaceAll(/^['"]|['"]$/g, '')
  const ranges = (profiles.get(name) ?? name).split('|').flatMap(each => {
    const [numbers = '', protocol = 'any'] = each.split('/')
    return numbers.split(',').map(part => {
      const [first = Number.NaN, last = first] = part.split(':').map(Number)
      return { first, last, protocol }
    })
  })
  return ranges.some(({ first, last }) => !Number.isInteger(first) || !Number.isInteger(last)) ? undefined : ranges
}

/** A rule without a protocol means UDP as well: nobody listens there, and it is how people write it. */
function isOpen({ first, last, protocol }: PortRange, { facts, wishes }: Situation): boolean {
  const ssh = wishes.adminAddresses.length === 0 ? [{ number: facts.serverPort, protocol: 'tcp' }] : []
  return (
    first === last &&
    [...ssh, ...allowedPorts(wishes)].some(
      open => open.number === first && (protocol === 'any' || protocol === open.protocol),
    )
  )
}

/** Although it is to be reached from some addresses only. */
function mayOpenSsh(ports: readonly PortRange[] | undefined, { facts, wishes }: Situation): boolean {
  if (wishes.adminAddresses.length === 0) return false
  const { serverPort } = facts
  return (
    ports === undefined ||
    ports.some(({ first, last, protocol }) => first <= serverPort && serverPort <= last && protocol !== 'udp')
  )
}

function isLetIn(from: string, { wishes }: Situation): boolean {
  return [...wishes.adminAddresses, ...wishes.neighbours].includes(from)
}

function profilePorts(lines: readonly string[]): Map<string, string> {
  const ports = new Map<string, string>()
  let name = ''
  for (const line of lines) {
    if (line.startsWith('[')) name = line.slice(1, -1)
    else ports.set(name, line.slice('ports='.length))
  }
  return ports
}

function sections(answer: string): (title: string) => string[] {
  const found = new Map<string, string[]>()
  let current: string[] = []
  for (const line of answer.split('\n').map(each => each.trim())) {
    if (['rules', 'profiles', 'devices', 'others'].includes(line)) found.set(line, (current = []))
    else if (line !== '') current.push(line)
  }
  return title => found.get(title) ?? []
}
