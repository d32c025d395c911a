/** What a program prints until a line that nobody can guess. Nothing is read as text before it is whole. */
export class MarkedOutput {
  /** How many bytes came, the marker's line among them. */
  bytes = 0
  private readonly end: Buffer
  private readonly chunks: Buffer[] = []
  private tail = Buffer.alloc(0)

  constructor(marker: string) {
    this.end = Buffer.from(`${marker}\n`)
  }

  add(chunk: Buffer): void {
    this.chunks.push(chunk)
    this.bytes += chunk.length
    // The last thing that comes: only the end needs to be looked at, however long the answer is.
    this.tail = Buffer.concat([this.tail, chunk.subarray(-this.end.length)]).subarray(-this.end.length)
  }

  get complete(): boolean {
    return this.tail.equals(this.end)
  }

  /** All of it, without the marker's line. */
  text(): string {
    const whole = Buffer.concat(this.chunks)
    return (this.complete ? whole.subarray(0, -this.end.length) : whole).toString()
  }
}
