import { randomBytes } from 'node:crypto'
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { Socket } from 'node:net'
import { SlipwayError } from '../support/errors.ts'
import { notStartedExitCode, timedOutExitCode, type RunResult } from '../support/run.ts'
import { MarkedOutput } from './marked-output.ts'

/**
 * A psql that takes one piece of input after the other until one fails: then it exits, and that is the result.
 * It does not keep this process alive, and ends with it, whatever ends it: its input is at its end then.
 */
export class PsqlProgram {
  private readonly child: ChildProcessWithoutNullStreams
  private readonly ended: Promise<void>
  private over = false
  private startFailure = ''
  private piece: Piece | undefined

  constructor(program: string, argv: readonly string[], environment: Readonly<Record<string, string>>) {
    // As in support/run.ts: Ctrl-C must not cut it off.
    this.child = spawn(program, argv, { detached: true, stdio: 'pipe', env: { ...process.env, ...environment } })
    this.child.stdout.on('data', (chunk: Buffer) => this.hear(chunk))
    this.child.stderr.on('data', (chunk: Buffer) => this.piece?.complaints.push(chunk))
    // Why it stopped reading, it says itself.
    this.child.stdin.on('error', () => undefined)
    this.child.on('error', error => (this.startFailure = error.message))
    this.ended = new Promise(resolve => {
      this.child.once('close', () => {
        this.over = true
        this.finish(this.exitCode())
        resolve()
      })
    })
    this.keepProcessAlive(false)
  }

  /** Whether it can take another piece. */
  get usable(): boolean {
    return !this.over && this.piece === undefined && this.child.exitCode === null && this.child.signalCode === null
  }

  /** The result has the exit code 0 when psql came to the end of the piece, and else that of psql, which is gone then. */
  run(input: string, timeoutMs: number): Promise<RunResult> {
    if (!this.usable) throw new SlipwayError('BUG', 'A psql that is busy or gone was given more to do')
    const marker = randomBytes(16).toString('hex')
    return new Promise(answer => {
      const timer = setTimeout(() => this.cutOff(), timeoutMs)
      this.piece = { output: new MarkedOutput(marker), complaints: [], timer, timedOut: false, answer }
      this.keepProcessAlive(true)
      this.child.stdin.write(marked(input, marker))
    })
  }

  /** Lets it end, and waits for it. */
  async close(): Promise<void> {
    if (this.over) return
    this.keepProcessAlive(true)
    this.child.stdin.end()
    const timer = setTimeout(() => this.child.kill('SIGKILL'), endsWithinMs)
    await this.ended
    clearTimeout(timer)
  }

  private hear(chunk: Buffer): void {
    const output = this.piece?.output
    if (output === undefined) return
    output.add(chunk)
    if (output.complete) this.finish(0)
    else if (output.bytes > maxBytes) {
      this.piece?.complaints.push(Buffer.from('psql: error: the answer is too long\n'))
      this.child.kill('SIGKILL')
    }
  }

  private cutOff(): void {
    if (this.piece !== undefined) this.piece.timedOut = true
    this.child.kill('SIGTERM')
    this.piece?.timer.unref()
    setTimeout(() => this.child.kill('SIGKILL'), endsWithinMs).unref()
  }

  private finish(exitCode: number): void {
    const { piece } = this
    if (piece === undefined) return
    this.piece = undefined
    clearTimeout(piece.timer)
    this.keepProcessAlive(false)
    const complaints = Buffer.concat(piece.complaints).toString()
    piece.answer({
      exitCode: piece.timedOut ? timedOutExitCode : exitCode,
      stdout: piece.output.text(),
      stderr: complaints === '' ? this.startFailure : complaints,
      timedOut: piece.timedOut,
    })
  }

  /** A psql that left without a word before the end of the piece has not done it, whatever its exit code says. */
  private exitCode(): number {
    return (this.child.exitCode ?? 0) <= 0 ? notStartedExitCode : Number(this.child.exitCode)
  }

  private keepProcessAlive(alive: boolean): void {
    const pipes = [this.child.stdin, this.child.stdout, this.child.stderr].filter(pipe => pipe instanceof Socket)
    for (const each of [this.child, ...pipes]) {
      if (alive) each.ref()
      else each.unref()
    }
  }
}

interface Piece {
  output: MarkedOutput
  complaints: Buffer[]
  timer: NodeJS.Timeout
  timedOut: boolean
  answer(result: RunResult): void
}

/** The semicolon ends a statement that lacks one, as the end of the input would. */
function marked(input: string, marker: string): string {
  return `${input}\n;\n\\echo ${marker}\n`
}

const endsWithinMs = 2000
const maxBytes = 64 * 1024 * 1024
