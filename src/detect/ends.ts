import type { Direction, Flow } from '../net/flow.ts'
import type { InventoryView } from './inventory-view.ts'
import { hostWords } from './wording.ts'

/** Who opened the connection, be it through a load balancer. */
export function openerOf({ forwardedFor, clientAddress }: Flow): string {
  return forwardedFor ?? clientAddress
}

/** `, through the proxy 10.1.0.9`, where there is one. */
export function throughWords({ forwardedFor, clientAddress }: Flow): string {
  return forwardedFor === undefined ? '' : `, through the proxy ${clientAddress}`
}

/** Addresses of who asked or sent, and of who answered. The first mostly is the client of the flow, but not by necessity. */
export function endsOf({ flow, direction }: { readonly flow: Flow; readonly direction: Direction }): readonly [from: string, to: string] {
  return direction === 0 ? [flow.clientAddress, flow.serverAddress] : [flow.serverAddress, flow.clientAddress]
}

/** `Client: 10.1.0.30 (viewer); server: 10.1.0.20 (PACS archive) port 8042.` */
export function endsWords(client: string, server: string, { serverPort }: Flow, inventory: InventoryView): string {
  return `Client: ${hostWords(client, inventory)}; server: ${hostWords(server, inventory)} port ${serverPort}.`
}
