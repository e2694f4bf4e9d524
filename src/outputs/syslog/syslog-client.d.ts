/** The part of syslog-client 1.1.1 that is used; the package has no types. */
declare module 'syslog-client' {
  import type { EventEmitter } from 'node:events'

  export const Transport: { readonly Tcp: 1; readonly Udp: 2 }

  export interface ClientOptions {
    syslogHostname?: string
    port?: number
    transport?: 1 | 2
    tcpTimeout?: number
    rfc3164?: boolean
    appName?: string
  }

  export interface MessageOptions {
    facility?: number
    severity?: number
    timestamp?: Date
    msgid?: string
  }

  export interface Client extends EventEmitter {
    log(message: string, options: MessageOptions, callback: (error?: Error) => void): Client
    close(): Client
  }

  export function createClient(target: string, options: ClientOptions): Client
}
