export const version = '1.0.1-bad-desk'
