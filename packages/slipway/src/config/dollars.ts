/**
 * Compose takes a dollar sign for the beginning of a variable, and two for one. What it prints can be read by it again: so
 * it prints each as two. Pure.
 */
export function escaped(text: string): string {
  return text.replaceAll('$', '$$$$')
}

/** What a text in a resolved document stands for. */
export function unescaped(text: string): string {
  return text.replaceAll('$$', '$')
}
