import { SlipwayError } from '../../support/errors.ts'

/** How this machine starts `slipway resume --all` by itself. */
export interface Unit {
  /** Absolute paths of Node and of this command line. */
  program: readonly [string, string]
  /** Undefined: root. */
  user: string | undefined
  /** No secrets: everybody on the machine may read them. */
  variables: Readonly<Record<string, string>>
}

export const unitName = 'slipway-resume.service'

/**
 * The systemd unit that ends what was cut off when the machine went down. Pure.
 *
 * It may do what a deployment has to do, and no more: talk to Docker and to addresses, write files of its user, hand
 * files over to the users of containers, and end programs. Hooks that it runs may do no more than that either.
 */
export function unitText({ program, user, variables }: Unit): string {
  return `# Made by slipway at-start --install: what you change here is replaced by the next one.
[Unit]
Description=Slipway: end deployments that were cut off, and look after what is kept warm
Wants=docker.service network-online.target
After=docker.service network-online.target
StartLimitIntervalSec=1h
StartLimitBurst=20

[Service]
Type=oneshot
# What looks after a warm release goes on when this is done.
RemainAfterExit=yes
ExecStart=${program.map(quoted).join(' ')} resume --all
${Object.entries(variables)
  .map(([name, value]) => `Environment=${quoted(`${name}=${value}`)}\n`)
  .join('')}${user === undefined ? '' : `User=${plainName(user)}\n`}TimeoutStartSec=30min
TimeoutStopSec=60s
Restart=on-failure
RestartSec=15s
# A mistake in the configuration, or a person is needed: trying again does not help.
RestartPreventExitStatus=2 4
UMask=0077
NoNewPrivileges=yes
CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_KILL CAP_SYS_PTRACE
ProtectSystem=full
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
PrivateDevices=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
LockPersonality=yes
SystemCallArchitectures=native

[Install]
WantedBy=multi-user.target
`
}

/** systemd does not read quotes here. */
function plainName(user: string): string {
  if (/^[a-z_][a-z0-9_.-]*$/i.test(user)) return user
  throw new SlipwayError('USAGE', `${JSON.stringify(user)} can not stand in a unit of systemd`, {
    why: 'it is no plain name of a user',
    state: 'nothing was changed',
  })
}

/** In quotes systemd reads backslashes, `%` anywhere, and `$` in a command line. */
function quoted(text: string): string {
  if (/[\p{Cc}$]/u.test(text)) {
    throw new SlipwayError('USAGE', `${JSON.stringify(text)} can not stand in a unit of systemd`, {
      why: 'it has a dollar sign or a control character',
      state: 'nothing was changed',
      next: 'Use another folder, or write the unit by hand.',
    })
  }
  return `"${text.replace(/["\\]/g, '\\$&').replaceAll('%', '%%')}"`
}
