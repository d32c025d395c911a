/** Checks that were begun ahead of who asks for them, by what they are of. Each counts once: later it may be otherwise. */
export class Begun<Key> {
  private readonly checks = new Map<Key, Promise<void>>()

  begin(of: Key, check: () => Promise<void>): void {
    const begun = check()
    // Whoever asks hears of a failure.
    begun.catch(() => undefined)
    this.checks.set(of, begun)
  }

  /** The outcome of what was begun, or of a check that begins now. */
  async outcome(of: Key, check: () => Promise<void>): Promise<void> {
    const begun = this.checks.get(of)
    this.checks.delete(of)
    await (begun ?? check())
  }
}
