/** Time as the renderers need it, so that tests can hold it still. */
export interface Timer {
  now(): number
  /** Returns the function that ends it. */
  every(milliseconds: number, call: () => void): () => void
}

export const wallTimer: Timer = {
  now: () => performance.now(),
  every: (milliseconds, call) => {
    const interval = setInterval(call, milliseconds)
    interval.unref()
    return () => clearInterval(interval)
  },
}
