import { finished } from 'node:stream/promises'
import { expect, test } from 'vitest'
import { objectReader } from '../../../src/secrets/scan/git-output.ts'

const name = (digit: string) => digit.repeat(40)

test('objects are told apart however the pipe cuts them, whatever is in them', async () => {
  const contents = [
    Buffer.from(''),
    Buffer.from(`a\n${name('1')} blob 3\nb`),
    Buffer.from([0, 10, 255, 10]),
    Buffer.alloc(9000, 10),
  ]
  const all = Buffer.concat([
    ...contents.flatMap((content, index) => [
      Buffer.from(`${name(String(index))} blob ${content.length}\n`),
      content,
      Buffer.from('\n'),
    ]),
    Buffer.from(`${name('f')} missing\n`),
  ])
  for (const size of [1, 7, 64, 4096, all.length]) {
    const heard: [string, string, Buffer][] = []
    const reader = objectReader((object, kind, content) => heard.push([object, kind, Buffer.from(content)]))
    for (let at = 0; at < all.length; at += size) reader.write(all.subarray(at, at + size))
    reader.end()
    await finished(reader)
    expect(heard).toEqual([...contents.map((content, index) => [name(String(index)), 'blob', content])])
  }
})
