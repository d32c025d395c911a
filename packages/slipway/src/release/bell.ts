/** Lets an event cut a sleep short. */
export class Bell {
  private wake: (() => void) | undefined
  ring(): void {
    this.wake?.()
  }
  rung(): Promise<void> {
    return new Promise(resolve => {
      this.wake = resolve
    })
  }
}
