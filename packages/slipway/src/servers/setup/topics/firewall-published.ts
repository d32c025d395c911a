import { isIP } from 'node:net'
import { pathPorts } from '../../../support/path-ports.ts'
import { shellLine } from '../../../support/shell-quote.ts'
import type { Situation } from '../topic.ts'
import { allowedPorts } from '../wishes.ts'

/**
 * What containers may show. Docker leads published ports past UFW, straight to the container; what it leaves to others is
 * the chain DOCKER-USER. A server has one, which all its projects share: each app writes down in a file of its own what
 * is let in for it, and the chain lets in what any of them wrote down.
 */
const records = '/etc/ufw/slipway-published'

/** For controls and script. `published_rules 4` prints the chain as the kernel does, for that family. */
export function publishedPrelude(situation: Situation): string {
  const lines = (rules: readonly string[]): string => `printf '%s\\n' ${shellLine(rules.map(inChain))}`
  return `published_record=${shellLine([`${records}/${situation.wishes.app}`])}
published_wanted() { printf '%s\\n' ${shellLine(publishedRules(situation))}; }
published_others() { for file in ${records}/*; do [ "$file" = "$published_record" ] || cat "$file" 2>/dev/null || true; done; }
published_rules() {
  ${lines(first)}
  { published_wanted; published_others; } | sed -n "s/^[$1*] \\(-.* -j RETURN\\)$/${inChain('\\1')}/p" | sort -u
  ${lines(last)}
}`
}

/** Writes down what is let in for this app, and then the chain into the files that UFW loads. */
export function publishedScript(): string {
  // `after.rules` is loaded with iptables-restore, which empties the chain that it names first.
  return `install -d -m 755 ${records}
published_wanted > /run/slipway-published
install -m 644 /run/slipway-published "$published_record"
rm -f /run/slipway-published
for family in 4 6; do
  if [ $family = 4 ]; then file=/etc/ufw/after.rules; else file=/etc/ufw/after6.rules; fi
  sed '/^${begin}$/,/^${end}$/d' "$file" > "$file.new"
  { printf '%s\\n' '${begin}' '*filter' ':DOCKER-USER - [0:0]'; published_rules $family; printf '%s\\n' COMMIT '${end}'; } >> "$file.new"
  chmod 640 "$file.new"
  mv "$file.new" "$file"
done`
}

/**
 * What is let in for one app, each with the family of the Internet Protocol that it is for, or * for both. The port that
 * was asked for must be allowed: the container's own may be any.
 */
export function publishedRules({ wishes }: Situation): string[] {
  const ports = allowedPorts(wishes).map(
    ({ number, protocol }) => `* -p ${protocol} -m conntrack --ctorigdstport ${number} -j RETURN`,
  )
  const ways = wishes.neighbours.flatMap(address => {
    const family = isIP(address)
    if (family === 0) return []
    return [`${family} -s ${network(address)} -p tcp -m conntrack --ctorigdstport ${pathRange} -j RETURN`]
  })
  return [...ports, ...ways]
}

/** Answers, and what comes out of containers, go on. */
const first = ['-m conntrack --ctstate RELATED,ESTABLISHED -j RETURN', '-i docker0 -j RETURN', '-i br-+ -j RETURN']

/** Those with -o are for neighbours who set a route to a container's own address. */
const last = ['-m conntrack --ctstate DNAT -j DROP', '-o docker0 -j DROP', '-o br-+ -j DROP', '-j RETURN']

function inChain(rule: string): string {
  return `-A DOCKER-USER ${rule}`
}

const pathRange = `${pathPorts.first}:${pathPorts.last}`

/** As the kernel writes it. */
function network(address: string): string {
  return isIP(address) === 4 ? `${address}/32` : `${new URL(`http://[${address}]`).hostname.slice(1, -1)}/128`
}

const begin = '# BEGIN slipway: published ports of containers'
const end = '# END slipway'
