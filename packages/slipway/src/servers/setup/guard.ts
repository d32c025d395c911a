/**
 * The way back when a change keeps everybody out, on the server itself so that it needs nobody: the files as they were,
 * and a timer that puts them back unless it is taken away in time. Unlike a transient timer it outlives a reboot, after
 * which it counts anew.
 */
export const guardFolder = '/var/lib/slipway-setup'

/** What can keep somebody out. */
const guarded = [
  '/etc/ssh',
  '/etc/ufw',
  '/etc/default/ufw',
  '/etc/sudoers',
  '/etc/sudoers.d',
  '/etc/fail2ban',
  '/etc/hosts.allow',
  '/etc/hosts.deny',
]

/** Saves how things are, and starts the clock. */
export function armScript(seconds: number): string {
  return `set -eu
export LC_ALL=C
umask 077
rm -rf ${guardFolder}/new ${guardFolder}/reverted
mkdir -p ${guardFolder}/new
cd ${guardFolder}/new
for path in ${guarded.join(' ')}; do if [ -e "$path" ]; then printf '%s\\n' "$path"; fi; done > there
while IFS= read -r path; do find "$path" ! -type d; done < there > list
tar --create --file files.tar --absolute-names --files-from there
if ufw status 2>/dev/null | grep -q '^Status: active'; then echo active; else echo inactive; fi > ufw
cat > revert.sh <<'END'
${revertScript}END
rm -rf ${guardFolder}/saved
mv ${guardFolder}/new ${guardFolder}/saved
cat > /etc/systemd/system/slipway-revert.service <<'END'
[Unit]
Description=Slipway puts back what was before a change that nobody confirmed

[Service]
Type=oneshot
ExecStart=/bin/sh ${guardFolder}/saved/revert.sh
END
cat > /etc/systemd/system/slipway-revert.timer <<'END'
[Unit]
Description=Slipway waits for a login that proves the change

[Timer]
OnActiveSec=${Math.max(1, Math.round(seconds))}
AccuracySec=100ms
Unit=slipway-revert.service

[Install]
WantedBy=timers.target
END
sync
systemctl daemon-reload
systemctl --quiet enable slipway-revert.timer
systemctl start slipway-revert.timer
echo armed
`
}

/** Begins what is risky: whoever slept since the clock was started may find that it went off, or was stopped. */
export const stillArmedScript = `
systemctl --quiet is-active slipway-revert.timer || { echo 'The way back is armed no longer.' >&2; exit 1; }
`

/** Prints `armed` when a set-up that was cut off left the clock running. */
export const armedScript = `
if systemctl --quiet is-active slipway-revert.timer; then echo armed; else echo no; fi
while systemctl is-active slipway-revert.service 2>/dev/null | grep -q activating; do sleep 0.2; done
`

/** Prints `disarmed`, or `reverted` when the clock was quicker. */
export const disarmScript = `
systemctl --quiet disable --now slipway-revert.timer 2>/dev/null
while systemctl is-active slipway-revert.service 2>/dev/null | grep -q activating; do sleep 0.2; done
if [ -e ${guardFolder}/reverted ]; then echo reverted; exit 0; fi
rm -f /etc/systemd/system/slipway-revert.timer /etc/systemd/system/slipway-revert.service
systemctl daemon-reload
rm -rf ${guardFolder}/saved
echo disarmed
`

/** Puts back at once what an armed guard has saved. */
export const revertNowScript = `
if [ -e ${guardFolder}/saved/revert.sh ]; then systemctl start slipway-revert.service; fi
[ ! -e ${guardFolder}/reverted ] || echo reverted
`

/**
 * Files first and whole; then what was not there before goes; then the programs read them again. What is new is told by
 * whole lines and not by their order: systemd sorts in another language than the login that saved the list, and files
 * that were always there would be taken for new ones. Without a list grep prints nothing, and nothing goes.
 */
const revertScript = `export LC_ALL=C
cd ${guardFolder}/saved || exit 1
tar --extract --file files.tar --absolute-names --preserve-permissions --same-owner || exit 1
find ${guarded.join(' ')} ! -type d 2>/dev/null > now
grep -avxFf list now | while IFS= read -r path; do rm -f -- "$path"; done
systemctl reload-or-restart ssh.service || systemctl restart ssh.service
if command -v ufw >/dev/null; then
  if [ "$(cat ufw)" = active ]; then ufw --force enable; ufw reload; else ufw --force disable; fi
fi
if systemctl --quiet is-active fail2ban.service; then
  fail2ban-client unban --all
  systemctl try-restart fail2ban.service
fi
touch ${guardFolder}/reverted
sync
systemctl --quiet disable slipway-revert.timer
systemctl --no-block stop slipway-revert.timer
exit 0
`
