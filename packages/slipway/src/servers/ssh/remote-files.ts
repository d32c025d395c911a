/**
 * Writes what arrives on stdin to `target`, which is replaced by it in one rename only when all bytes have come.
 * The folder must be there. Path, mode and size are parameters of the script, never part of it.
 */
export function storeArgv(target: string, mode: number, size: number): string[] {
  return ['sh', '-c', storeScript, 'sh', target, mode.toString(8), String(size)]
}

const storeScript = [
  'set -eu; umask 077',
  'partial=$(mktemp -- "$1.XXXXXX")',
  `trap 'rm -f -- "$partial"' EXIT`,
  'cat > "$partial"',
  'arrived=$(wc -c < "$partial")',
  'if [ "$arrived" -ne "$3" ]; then echo "$arrived of $3 bytes arrived" >&2; exit 1; fi',
  'chmod -- "$2" "$partial"; sync -- "$partial" 2>/dev/null || sync',
  'mv -fT -- "$partial" "$1"',
  'trap - EXIT',
].join('\n')
