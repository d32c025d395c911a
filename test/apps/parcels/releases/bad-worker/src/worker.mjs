console.error('worker: no such queue')
process.exit(1)
