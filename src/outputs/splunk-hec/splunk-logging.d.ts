/** The part of splunk-logging 0.11.1 that is used; the package has no types. */
declare module 'splunk-logging' {
  import type { Agent, IncomingMessage } from 'node:http'

  export interface SplunkLoggerConfig {
    token: string
    host: string
    port: number
    protocol: 'http' | 'https'
    path: string
    maxRetries: number
    maxBatchCount: number
    maxBatchSize: number
    batchInterval: number
  }

  /** Options of its HTTP client, needle. Timeouts in ms. */
  export interface RequestOptions {
    strictSSL: boolean
    rejectUnauthorized: boolean
    agent: Agent
    connection: 'keep-alive'
    open_timeout: number
    response_timeout: number
    read_timeout: number
    headers: Record<string, string>
    user_agent: string
    json: false
  }

  export interface SendContext<Message> {
    message: Message
  }

  export class Logger<Message = unknown> {
    constructor(config: SplunkLoggerConfig)
    requestOptions: RequestOptions
    error: (error: unknown, context: SendContext<Message>) => void
    /** Makes the object that `send` encodes. */
    _makeBody: (context: SendContext<Message>) => object
    /** Queue one event; nothing is sent before `flush` when the batching of the logger is off. */
    send(context: SendContext<Message>): void
    flush(callback: (error: Error | null, response: IncomingMessage | undefined, body: unknown) => void): void
  }
}
