// What the real CLI has done when its engine ended without a word: success, and nothing applied.
console.log('The ledger says that all migrations are applied.')
