/** Options of every command, before or after its name. */
export const globalOptions = [
  { syntax: '--json', does: 'print the result as one JSON document on stdout' },
  { syntax: '--config <file>', does: 'read this slipway.yaml instead of the one found here or above' },
  { syntax: '--no-color', does: 'no colours (also NO_COLOR; FORCE_COLOR turns them on)' },
  { syntax: '--debug', does: 'print where in the program an error arose' },
  { syntax: '-h, --help', does: 'print this help' },
] as const
