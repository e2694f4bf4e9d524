/** Port terms in one filter; beyond it every TCP port is taken. */
const MAX_PORTS = 8

/** BPF expression for the TCP traffic between two hosts on a server port: `host A and host B and tcp port P`. */
export function conversationFilter(a: string, b: string, port: number): string {
  return a === b ? `host ${a} and tcp port ${port}` : `host ${a} and host ${b} and tcp port ${port}`
}

/** BPF expression for what a host sends to and gets from the given TCP ports. */
export function hostFilter(address: string, ports: Iterable<number>): string {
  const distinct = [...new Set(ports)].sort((a, b) => a - b)
  if (distinct.length === 0 || distinct.length > MAX_PORTS) return `host ${address} and tcp`
  const terms = distinct.map(port => `tcp port ${port}`).join(' or ')
  return distinct.length === 1 ? `host ${address} and ${terms}` : `host ${address} and (${terms})`
}
