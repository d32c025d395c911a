/**
 * The arguments for `docker` that run a command in a container, on the streams of whoever asks. Docker reads no options
 * behind the container's id: whatever the command's words look like, they are the command's. Pure.
 */
export function execArgv(container: string, command: readonly string[], terminal: boolean): string[] {
  return ['exec', '--interactive', ...(terminal ? ['--tty'] : []), container, ...command]
}
