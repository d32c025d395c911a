import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { SlipwayError } from '../support/errors.ts'

/** What comes in: from a person at a terminal, or from another program. Secrets come this way, never as arguments. */
export interface Input {
  /** Whether a person types. */
  terminal: boolean
  /** Everything that another program pipes in. Throws when it is more than the limit. */
  all(limit: number): Promise<Uint8Array>
  /** One line that is not shown while it is typed. */
  hidden(question: string): Promise<string>
  /** Runs a program on this terminal or these pipes; returns its exit code. The signal ends it. */
  interactive(program: string, argv: readonly string[], signal?: AbortSignal): Promise<number>
}

export const noInput: Input = {
  terminal: false,
  all: () => Promise.resolve(new Uint8Array()),
  hidden: () => Promise.reject(nobody()),
  interactive: () => Promise.reject(nobody()),
}

export function processInput(): Input {
  const { stdin, stderr } = process
  return {
    terminal: stdin.isTTY,
    async all(limit) {
      const pieces: Buffer[] = []
      let length = 0
      for await (const piece of stdin) {
        const bytes = Buffer.from(piece as Uint8Array)
        length += bytes.length
        if (length > limit)
          throw new SlipwayError('USAGE', `More than ${limit / 1024 ** 2} MB were piped in`, {
            state: 'nothing was changed',
          })
        pieces.push(bytes)
      }
      return Buffer.concat(pieces)
    },
    hidden: question => {
      if (!stdin.isTTY) throw nobody()
      const typed = typedUnseen(stdin)
      // Only now: what is typed at the sight of the question must not be shown either.
      stderr.write(question)
      return typed.finally(() => stderr.write('\n'))
    },
    async interactive(program, argv, signal) {
      const child = spawn(program, [...argv], { stdio: 'inherit' })
      const end = (): void => void child.kill('SIGTERM')
      signal?.addEventListener('abort', end, { once: true })
      try {
        const [code, killedBy] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
        return code ?? 128 + (killedBy === null ? 0 : constants.signals[killedBy])
      } finally {
        signal?.removeEventListener('abort', end)
      }
    },
  }
}

/** In raw mode the terminal shows nothing by itself. What is pasted comes in large pieces, at once. */
function typedUnseen(stdin: NodeJS.ReadStream): Promise<string> {
  return new Promise((resolve, reject) => {
    let typed = ''
    let beyond = ''
    let ending: NodeJS.Timeout | undefined
    const end = (): void => {
      stdin.setRawMode(false)
      stdin.pause()
      stdin.off('data', take)
    }
    const settle = (): void => {
      end()
      if (beyond.trim() === '') resolve(typed)
      else reject(severalLines())
    }
    const take = (piece: string): void => {
      const characters = Array.from(piece.replaceAll(pasteBegins, '').replaceAll(pasteEnds, ''))
      for (const [index, character] of characters.entries()) {
        if (ending !== undefined || character === '\r' || character === '\n' || character === '\u0004') {
          // Lines of a paste that are not taken would answer the next question, or be commands of the shell.
          beyond += characters.slice(ending === undefined ? index + 1 : index).join('')
          clearTimeout(ending)
          ending = setTimeout(settle, pasteMs)
          return
        }
        if (character === '\u0003') {
          end()
          return reject(new SlipwayError('INTERRUPTED', 'Interrupted'))
        }
        if (character === '\u007f' || character === '\b') typed = Array.from(typed).slice(0, -1).join('')
        else if (character === '\u0015') typed = ''
        else typed += character
      }
    }
    stdin.setRawMode(true)
    stdin.setEncoding('utf8').resume().on('data', take)
  })
}

/** Nobody types another line as soon as that. */
const pasteMs = 50
const pasteBegins = '\u001b[200~'
const pasteEnds = '\u001b[201~'

function severalLines(): SlipwayError {
  return new SlipwayError('USAGE', 'More than one line was pasted', {
    why: 'a value that is typed has one line',
    state: 'nothing was changed',
    next: 'Pipe the value in, as in: slipway secrets set prod NAME < file',
  })
}

function nobody(): SlipwayError {
  return new SlipwayError('USAGE', 'There is no terminal to ask at', {
    state: 'nothing was changed',
    next: 'Pipe the value in, as in: slipway secrets set prod NAME < file',
  })
}
