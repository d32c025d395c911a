import type { Control, Situation, Topic } from '../topic.ts'
import { ownedPrelude, ownedScript, wantedRules } from './firewall-owned.ts'
import { publishedPrelude, publishedScript } from './firewall-published.ts'
import { strangers } from './firewall-strangers.ts'

export const firewall: Topic = {
  id: 'firewall',
  title: 'Firewall',
  risk: 'login',
  prelude: situation => `${ownedPrelude(situation)}
${publishedPrelude(situation)}
ufw_status=$(ufw status verbose 2>/dev/null)
policy() { printf '%s\\n' "$ufw_status" | sed -n "s/^Default:.*[ ,]\\{0,1\\}\\(allow\\|deny\\|reject\\|disabled\\) ($1).*/\\1/p" | grep . || echo 'not active'; }
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
      why: 'These are the ports that the app, and who looks after it, need.',
      found: `ufw_own | sort | paste -s -d ';' | sed 's/;/, /g'`,
      wanted: situation => wantedRules(situation).join(', '),
    },
    {
      id: 'firewall.record',
      title: 'what is let in for this app is written down',
      why: 'Another project on the same server then leaves it alone.',
      found: `if ufw_wanted | cmp -s - "$ufw_record" && published_wanted | cmp -s - "$published_record"; then echo yes; else echo no; fi`,
      wanted: 'yes',
    },
    strangers,
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
sed -i -e 's|^IPT_SYSCTL=.*|IPT_SYSCTL=|' -e 's|^DEFAULT_INPUT_POLICY=.*|DEFAULT_INPUT_POLICY="DROP"|' \\
  -e 's|^DEFAULT_OUTPUT_POLICY=.*|DEFAULT_OUTPUT_POLICY="ACCEPT"|' -e 's|^DEFAULT_FORWARD_POLICY=.*|DEFAULT_FORWARD_POLICY="DROP"|' /etc/default/ufw
${publishedScript()}
${ownedScript(situation)}
if ufw status | grep -q '^Status: active'; then ufw reload >/dev/null; else ufw --force enable >/dev/null; fi
systemctl enable --quiet ufw.service
`
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
    found:
      `chain=$(${program} -S DOCKER-USER 2>/dev/null | grep -v '^-N' || true); ` +
      `if [ "$(published_rules ${program === 'iptables' ? 4 : 6})" = "$chain" ]; then echo closed; ` +
      `elif [ -n "$chain" ]; then echo 'other rules'; else echo 'no rules'; fi`,
    wanted: 'closed',
  }
}
