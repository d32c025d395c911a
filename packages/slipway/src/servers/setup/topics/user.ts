import { shellLine } from '../../../support/shell-quote.ts'
import type { Control, Situation, Topic } from '../topic.ts'

/** The user who deploys. Being in the group `docker` it can become root anyway: that sudo asks for no password hides nothing. */
export const deployUser: Topic = {
  id: 'user',
  title: 'User who deploys',
  risk: 'first login',
  prelude: situation => `${accountOf(situation)}
keys_missing() {
  file=$(sshd_file "$account_home")
  [ "$login" != "$account" ] || { echo 0; return; }
  [ -s "$login_home/.ssh/authorized_keys" ] || { echo 0; return; }
  grep -v '^[[:space:]]*\\(#\\|$\\)' "$login_home/.ssh/authorized_keys" | grep -vxFc -f "$file" 2>/dev/null || true
}
sshd_file() { if [ -e "$1/.ssh/authorized_keys" ]; then echo "$1/.ssh/authorized_keys"; else echo /dev/null; fi; }
`,
  script: () => `set -eu
if ! getent passwd "$account" >/dev/null; then
  useradd --create-home --shell /bin/bash --user-group "$account"
  account_home=$(getent passwd "$account" | cut -d: -f6)
fi
group=$(id -gn "$account")
getent group docker >/dev/null || groupadd --system docker
usermod --append --groups docker "$account"
if [ "$account" != root ]; then
  passwd --quiet --lock "$account"
  umask 077
  # Another project on this server may deploy as somebody else, who needs it on.
  line="$account ALL=(ALL:ALL) NOPASSWD: ALL"
  { grep -vxF -e "$line" /etc/sudoers.d/90-slipway 2>/dev/null || true; printf '%s\\n' "$line"; } > /etc/sudoers.d/.slipway-new
  chmod 440 /etc/sudoers.d/.slipway-new
  visudo --check --quiet --file=/etc/sudoers.d/.slipway-new
  mv /etc/sudoers.d/.slipway-new /etc/sudoers.d/90-slipway
fi
install -d -m 700 -o "$account" -g "$group" "$account_home/.ssh"
file=$account_home/.ssh/authorized_keys
cp -a "$file" "$file.slipway-new" 2>/dev/null || : > "$file.slipway-new"
[ ! -s "$file.slipway-new" ] || [ -z "$(tail -c 1 "$file.slipway-new")" ] || echo >> "$file.slipway-new"
if [ "$login" != "$account" ] && [ -s "$login_home/.ssh/authorized_keys" ]; then
  grep -v '^[[:space:]]*\\(#\\|$\\)' "$login_home/.ssh/authorized_keys" > /run/slipway-keys || true
  cp "$file.slipway-new" /run/slipway-known
  grep -vxF -f /run/slipway-known /run/slipway-keys >> "$file.slipway-new" || true
  rm -f /run/slipway-keys /run/slipway-known
fi
chown "$account:$group" "$file.slipway-new"
chmod 600 "$file.slipway-new"
mv "$file.slipway-new" "$file"
`,
  controls: [
    {
      id: 'user.there',
      title: 'the user is there',
      why: 'Deployments need no root login.',
      found: `if getent passwd "$account" >/dev/null; then echo yes; else echo no; fi`,
      wanted: 'yes',
    },
    {
      id: 'user.docker',
      title: 'member of the group docker',
      why: 'That is what lets it deploy. It is as good as root, so guard its key like that of root.',
      found: `if id -nG "$account" 2>/dev/null | tr ' ' '\\n' | grep -qx docker; then echo yes; else echo no; fi`,
      wanted: 'yes',
    },
    {
      id: 'user.password',
      title: 'no password',
      why: 'A password can be guessed, a key can not.',
      // That of root is left alone: the console of a provider may need it.
      found: `if [ "$account" = root ]; then echo locked; else passwd --status "$account" 2>/dev/null | awk '{ print ($2 == "L" || $2 == "LK") ? "locked" : "has one" }' | grep . || echo 'no user'; fi`,
      wanted: 'locked',
    },
    {
      id: 'user.sudo',
      title: 'becomes root without a password',
      why: 'Set-up, check and upgrade go on to work when root itself can no longer log in.',
      found: `if [ "$(id -u "$account" 2>/dev/null)" = 0 ] || runuser -u "$account" -- sudo -n true 2>/dev/null; then echo yes; else echo no; fi`,
      wanted: 'yes',
    },
    {
      id: 'user.keys',
      title: 'takes the keys that this login takes',
      why: 'Who could log in before can log in after.',
      found: `missing=$(keys_missing); if [ "\${missing:-0}" = 0 ]; then echo all; else echo "$missing missing"; fi`,
      wanted: 'all',
    },
    fileControl('user.key-folder', 'folder of the keys is private', '$account_home/.ssh', '700'),
    fileControl('user.key-file', 'file of the keys is private', '$account_home/.ssh/authorized_keys', '600'),
  ],
}

function fileControl(id: string, title: string, path: string, mode: string): Control {
  return {
    id,
    title,
    why: 'Keys that others could write are not believed.',
    found: `stat -c '%U %a' "${path}" 2>/dev/null || echo missing`,
    wanted: ({ wishes }) => `${wishes.user} ${mode}`,
  }
}

function accountOf({ facts, wishes }: Situation): string {
  return `account=${shellLine([wishes.user])}
login=${shellLine([facts.user])}
account_home=$(getent passwd "$account" | cut -d: -f6)
account_home=\${account_home:-/home/$account}
login_home=$(getent passwd "$login" | cut -d: -f6)`
}
