import js from '@eslint/js'

const names = [
  'process',
  'console',
  'fetch',
  'URL',
  'AbortSignal',
  'performance',
  'setTimeout',
  'setInterval',
  'WebAssembly',
]

export default [
  { ignores: ['generated/'] },
  js.configs.recommended,
  { languageOptions: { globals: Object.fromEntries(names.map(name => [name, 'readonly'])) } },
]
