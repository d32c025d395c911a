import { shellLine } from '../../../support/shell-quote.ts'
import type { Situation } from '../topic.ts'
import { hostRules, type Rule, ufwArgv } from './firewall-rules.ts'

/**
 * Whose rule it is, on a server that several projects share. UFW keeps a rule once, whoever wants it, so that a comment
 * could name one owner only: each app writes down in a file of its own what is let in for it. A rule is taken away when
 * this app wrote it down and neither it nor another one wants it; what nobody wrote down is never taken away, since it may
 * be all that lets another team in.
 */
const records = '/etc/ufw/slipway'

/** For controls and script: rules are told by what `ufw show added` writes of them, without `allow` and comment. */
export function ownedPrelude(situation: Situation): string {
  return `ufw_record=${shellLine([`${records}/${situation.wishes.app}`])}
ufw_wanted() { printf '%s\\n' ${shellLine(wantedRules(situation))}; }
ufw_rules() { ufw show added 2>/dev/null | sed -n "s/^ufw allow \\(.*\\) comment 'slipway.*/\\1/p"; }
ufw_recorded() { cat "$ufw_record" 2>/dev/null || true; }
ufw_others() { for file in ${records}/*; do [ "$file" = "$ufw_record" ] || cat "$file" 2>/dev/null || true; done; }
is_line() { printf '%s\\n' "$2" | grep -qxF -e "$1"; }
# Of the rules that are there: those that this app wants, and those that it wrote down and no other one wants.
ufw_own() {
  wanted=$(ufw_wanted); recorded=$(ufw_recorded); others=$(ufw_others)
  ufw_rules | while IFS= read -r rule; do
    if is_line "$rule" "$wanted"; then printf '%s\\n' "$rule"
    elif is_line "$rule" "$recorded" && ! is_line "$rule" "$others"; then printf '%s\\n' "$rule"
    fi
  done
}`
}

/**
 * Each call of ufw takes a third of a second, and others may wait at the door meanwhile: as few as can be. Before a rule
 * is made it is written down, so that one that was made by a set-up that was cut off is known again.
 */
export function ownedScript(situation: Situation): string {
  return `install -d -m 755 ${records}
{ ufw_recorded; ufw_wanted; } | sort -u > /run/slipway-record
install -m 644 /run/slipway-record "$ufw_record"
ufw_rules > /run/slipway-rules
${hostRules(situation)
  .map(rule => `grep -qxF ${shellLine([ruleText(rule)])} /run/slipway-rules || ${shellLine(ufwArgv(rule))} >/dev/null`)
  .join('\n')}
ufw_wanted > /run/slipway-kept
ufw_own | grep -vxF -f /run/slipway-kept | while IFS= read -r rule; do
  ufw --force delete allow $rule >/dev/null
done
ufw_wanted > /run/slipway-record
install -m 644 /run/slipway-record "$ufw_record"
rm -f /run/slipway-rules /run/slipway-record /run/slipway-kept`
}

export function wantedRules(situation: Situation): string[] {
  return [...new Set(hostRules(situation).map(ruleText))].toSorted()
}

/** As `ufw show added` writes a rule, without `ufw allow` before and the comment after it. */
export function ruleText({ from, port, protocol }: Rule): string {
  return from === 'any' ? `${port}/${protocol}` : `from ${from} to any port ${port} proto ${protocol}`
}
