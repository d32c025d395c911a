import { shellLine } from '../../../support/shell-quote.ts'
import type { Control, Situation, Topic } from '../topic.ts'

interface Option {
  name: string
  value: string | ((situation: Situation) => string)
  title: string
  why: string
}

const rootLogin = ({ wishes }: Situation): string => (wishes.user === 'root' ? 'prohibit-password' : 'no')

const options: readonly Option[] = [
  option('PermitRootLogin', rootLogin, 'root does not log in', 'Every guesser knows that name.'),
  option('PasswordAuthentication', 'no', 'no passwords', 'They are guessed day and night.'),
  option('KbdInteractiveAuthentication', 'no', 'no passwords by another name', 'PAM would ask for the same password.'),
  option('PubkeyAuthentication', 'yes', 'keys', 'They are the only way in.'),
  option('PermitEmptyPasswords', 'no', 'no empty passwords', 'An account without one would be open.'),
  option('HostbasedAuthentication', 'no', 'other machines vouch for nobody', 'One stolen machine would open all.'),
  option('PermitUserEnvironment', 'no', 'logins bring no environment', 'It can load foreign code.'),
  option('StrictModes', 'yes', 'files of keys must be private', 'Keys that others could write prove nothing.'),
  option('MaxAuthTries', '4', 'four tries', 'An agent with a few keys gets in, a guesser goes.'),
  option('LoginGraceTime', '30', 'half a minute to log in', 'Half-open logins would use up all places.'),
  option('MaxStartups', '10:30:60', 'a flood of logins is thinned out', 'Yours still gets through.'),
  option('ClientAliveInterval', '60', 'dead connections are noticed', 'They would stay for hours.'),
  option('ClientAliveCountMax', '3', 'and closed after three minutes', 'They would stay for hours.'),
  option('X11Forwarding', 'no', 'no windows', 'A server shows none.'),
  option('AllowAgentForwarding', 'no', 'no agents', 'Root here could use the keys of who is logged in.'),
  option(
    'AllowTcpForwarding',
    'local',
    'tunnels lead to the server only',
    'A way back into your network is not needed.',
  ),
  option('GatewayPorts', 'no', 'tunnels are not for others', 'A forward would get around the firewall.'),
  option('PermitTunnel', 'no', 'no network through SSH', 'It would get around the firewall.'),
  option('LogLevel', 'VERBOSE', 'the log says which key came', 'Later it matters who it was.'),
]

const file = '/etc/ssh/sshd_config.d/00-slipway.conf'

/** In sshd the first value wins: the file must come before what cloud-init and others wrote. */
export const ssh: Topic = {
  id: 'ssh',
  title: 'SSH',
  risk: 'login',
  // As sshd would treat this very login: a Match block further down may say otherwise for a user or an address.
  prelude: situation => `
effective() { /usr/sbin/sshd -T -C ${connection(situation, '"$1"')} 2>/dev/null; }
sshd_user=$(effective ${shellLine([situation.wishes.user])})
sshd_root=$(effective root)
sshd_says() { printf '%s\\n' "$2" | sed -n "s/^$1 //p" | head -n 1 | grep . || echo unset; }
sshd_setting() {
  one=$(sshd_says "$1" "$sshd_user"); other=$(sshd_says "$1" "$sshd_root")
  if [ "$one" = "$other" ]; then echo "$one"; else echo "$one, for root $other"; fi
}
`,
  script: situation => `set -eu
grep -Eiq '^[[:space:]]*Include[[:space:]]+"?/etc/ssh/sshd_config.d/\\*.conf' /etc/ssh/sshd_config || {
  sed '1i Include /etc/ssh/sshd_config.d/*.conf' /etc/ssh/sshd_config > /etc/ssh/sshd_config.slipway-new
  chmod 644 /etc/ssh/sshd_config.slipway-new
  mv /etc/ssh/sshd_config.slipway-new /etc/ssh/sshd_config
}
cat > ${file}.new <<'END'
${optionLines(situation).join('\n')}
END
chmod 600 ${file}.new
mv ${file}.new ${file}
if ! /usr/sbin/sshd -t; then rm -f ${file}; echo 'sshd does not accept the settings' >&2; exit 1; fi
systemctl reload-or-restart ssh.service
`,
  controls: options.map(
    ({ name, value, title, why }): Control => ({
      id: `ssh.${name}`,
      title,
      why,
      found: `sshd_setting ${name.toLowerCase()}`,
      wanted: situation => effectiveValue(typeof value === 'string' ? value : value(situation)),
    }),
  ),
}

export function optionLines(situation: Situation): string[] {
  return options.map(({ name, value }) => `${name} ${typeof value === 'string' ? value : value(situation)}`)
}

/** sshd -T writes the old name. */
function effectiveValue(value: string): string {
  return value === 'prohibit-password' ? 'without-password' : value
}

function connection({ facts }: Situation, user: string): string {
  const from = `host=${facts.clientAddress},addr=${facts.clientAddress}`
  return `user=${user},${shellLine([`${from},laddr=127.0.0.1,lport=${facts.serverPort}`])}`
}

function option(name: string, value: Option['value'], title: string, why: string): Option {
  return { name, value, title, why }
}
