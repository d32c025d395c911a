import type { Situation, Topic } from '../topic.ts'

/**
 * On some file systems a file can not be swap: then nothing is made, and the control says so. Where none is wanted
 * nothing is asked: what swap a server has stays.
 */
export const swap: Topic = {
  id: 'swap',
  title: 'Swap',
  risk: 'none',
  script: situation => (wantsSwap(situation) ? swapScript(situation) : ''),
  controls: [
    {
      id: 'swap.there',
      title: 'there is swap',
      why: 'While a release starts beside the other, memory is short for a moment; without swap something is killed.',
      found: `if [ -n "$(swapon --show --noheadings)" ]; then echo yes; else echo no; fi`,
      wanted: 'yes',
      inContainer: 'host',
      isAsked: wantsSwap,
    },
  ],
}

function wantsSwap({ wishes }: Situation): boolean {
  return wishes.swapMegabytes > 0
}

function swapScript({ wishes }: Situation): string {
  return `set -eu
file=/swapfile-slipway
if [ ! -e "$file" ]; then
  umask 077
  fallocate --length ${wishes.swapMegabytes}M "$file.new" || dd if=/dev/zero of="$file.new" bs=1M count=${wishes.swapMegabytes} status=none
  mkswap "$file.new" >/dev/null
  mv "$file.new" "$file"
fi
swapon --show=NAME --noheadings | grep -qx "$file" || swapon "$file"
grep -q "^$file " /etc/fstab || echo "$file none swap sw 0 0" >> /etc/fstab
`
}
