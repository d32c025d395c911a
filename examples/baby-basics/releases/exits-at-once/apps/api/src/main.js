console.error('A setting that this release needs is missing.')
process.exit(1)
