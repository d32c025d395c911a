/**
 * TCP ports on the private address of a database's server on which releases' ways to it begin. A firewall lets the other
 * servers through to them.
 */
export const pathPorts = { first: 25_432, last: 25_931 } as const
