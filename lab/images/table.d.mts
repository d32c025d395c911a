/** What the project's demo and tests use. */
export const usualImages: readonly string[]
