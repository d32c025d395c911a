import { shellLine } from '../../../support/shell-quote.ts'
import type { Control, Situation, Topic } from '../topic.ts'
import {
  blockBegin,
  blockEnd,
  dockerUserBlock,
  dockerUserRules,
  hostRules,
  type Rule,
  ufwArgv,
} from './firewall-rules.ts'

export const firewall: Topic = {
  id: 'firewall',
  title: 'Firewall',
  risk: 'login',
  prelude: () => `
ufw_status=$(ufw status verbose 2>/dev/null)
policy() { printf '%s\\n' "$ufw_status" | sed -n "s/^Default:.*[ ,]\\{0,1\\}\\(allow\\|deny\\|reject\\|disabled\\) ($1).*/\\1/p" | grep . || echo 'not active'; }
ufw_rules() { ufw show added 2>/dev/null | sed -n "s/^ufw allow \\(.*\\) comment 'slipway.*/\\1/p" | sort; }
`,
  script,
  controls: [
    {
      id: 'firewall.active',
      title: 'UFW is on, and after a reboot too',
      why: 'What nobody meant to offer is not offered.',
      found: `echo "$(printf '%s\\n' "$ufw_status" | sed -n 's/^Status: //p' | grep . || echo missing) $(systemctl is-enabled ufw.service 2>/dev/null) $(sed -n 's/^ENABLED=//p' /etc/ufw/ufw.conf 2>/dev/null)"`,
      wanted: 'active enabled yes',
    },
    policy('incoming', 'deny', 'nothing comes in unless allowed', 'A database that listens by mistake stays unseen.'),
    policy('outgoing', 'allow', 'everything goes out', 'Updates, images, mail and backups need it.'),
    policy('routed', 'deny', 'nothing is passed on unless Docker does', 'A server is no router.'),
    inForce('iptables', 'drops what is not allowed'),
    inForce('ip6tables', 'drops what is not allowed (IPv6)'),
    {
      id: 'firewall.rules',
      title: 'SSH and the web are let in, and nothing else of ours',
      why: 'This is the whole list of what strangers may reach.',
      found: `ufw_rules | paste -s -d ';' | sed 's/;/, /g'`,
      wanted: situation =>
        hostRules(situation)
          .map(rule => bare(rule).replace(/^allow (.*) comment '.*$/, '$1'))
          .toSorted()
          .join(', '),
    },
    {
      id: 'firewall.kernel',
      title: 'UFW leaves the kernel alone',
      why: 'Two who set the same values undo each other at every reboot, and in a container UFW may not.',
      found: `sed -n 's/^IPT_SYSCTL=//p' /etc/default/ufw 2>/dev/null | tail -n 1 | sed 's/^$/nothing/' | grep . || echo missing`,
      wanted: 'nothing',
    },
    published('iptables', 'firewall.published', 'containers show only what is allowed'),
    published('ip6tables', 'firewall.published6', 'containers show only what is allowed (IPv6)'),
  ],
}

function script(situation: Situation): string {
  return `set -eu
# Each call of ufw takes a third of a second, and others may wait at the door meanwhile: as few as can be.
sed -i -e 's|^IPT_SYSCTL=.*|IPT_SYSCTL=|' -e 's|^DEFAULT_INPUT_POLICY=.*|DEFAULT_INPUT_POLICY="DROP"|' \\
  -e 's|^DEFAULT_OUTPUT_POLICY=.*|DEFAULT_OUTPUT_POLICY="ACCEPT"|' -e 's|^DEFAULT_FORWARD_POLICY=.*|DEFAULT_FORWARD_POLICY="DROP"|' /etc/default/ufw
${(['after', 'after6'] as const)
  .map(
    name => `file=/etc/ufw/${name}.rules
sed '/^${blockBegin}$/,/^${blockEnd}$/d' "$file" > "$file.new"
cat >> "$file.new" <<'END'
${dockerUserBlock(situation, name === 'after' ? 4 : 6)}
END
chmod 640 "$file.new"
mv "$file.new" "$file"`,
  )
  .join('\n')}
ufw show added | sed -n "s/^ufw \\(.* comment 'slipway.*\\)/\\1/p" > /run/slipway-rules
${hostRules(situation)
  .map(rule => `grep -qxF ${shellLine([bare(rule)])} /run/slipway-rules || ${shellLine(ufwArgv(rule))} >/dev/null`)
  .join('\n')}
# What an earlier set-up allowed and this one does not: only rules that carry our name.
cat > /run/slipway-wanted <<'END'
${hostRules(situation).map(bare).join('\n')}
END
grep -vxF -f /run/slipway-wanted /run/slipway-rules | sed "s/ comment '.*//" | while IFS= read -r rule; do
  ufw --force delete $rule >/dev/null
done
rm -f /run/slipway-rules /run/slipway-wanted
if ufw status | grep -q '^Status: active'; then ufw reload >/dev/null; else ufw --force enable >/dev/null; fi
systemctl enable --quiet ufw.service
`
}

/** As `ufw show added` writes a rule. */
export function addedText(argv: readonly string[]): string {
  const [, , , protocol = '', , from = '', , , , port = '', , comment = ''] = argv
  const rule =
    from === 'any' ? `ufw allow ${port}/${protocol}` : `ufw allow from ${from} to any port ${port} proto ${protocol}`
  return `${rule} comment '${comment}'`
}

function bare(rule: Rule): string {
  return addedText(ufwArgv(rule)).replace(/^ufw /, '')
}

function policy(direction: string, wanted: string, title: string, why: string): Control {
  return { id: `firewall.${direction}`, title, why, found: `policy ${direction}`, wanted }
}

function inForce(program: 'iptables' | 'ip6tables', title: string): Control {
  return {
    id: `firewall.${program}`,
    title,
    why: 'What UFW says and what the kernel does are two things.',
    found: `${program} -S INPUT 2>/dev/null | sed -n 's/^-P INPUT //p' | grep . || echo unknown`,
    wanted: 'DROP',
  }
}

function published(program: 'iptables' | 'ip6tables', id: string, title: string): Control {
  return {
    id,
    title,
    why: 'Docker leads published ports past UFW: a database with `ports: 5432:5432` would be open to the world.',
    found: situation =>
      `${program} -S DOCKER-USER 2>/dev/null | grep -v '^-N' > /run/slipway-chain; ` +
      `if printf '%s\\n' ${shellLine(dockerUserRules(situation, program === 'iptables' ? 4 : 6))} | cmp -s - /run/slipway-chain; then echo closed; ` +
      `elif [ -s /run/slipway-chain ]; then echo 'other rules'; else echo 'no rules'; fi; rm -f /run/slipway-chain`,
    wanted: 'closed',
  }
}
