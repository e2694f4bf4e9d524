import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { EcsDocument } from '../../src/normalize/event.ts'
import {
  freePorts,
  listens,
  makeCertificates,
  ndjson,
  type PeerProcess,
  peerFolder,
  removeFolder,
  startOrRemove,
  startPeer,
  whyNot,
} from './peer.ts'

const SCRIPT = 'hec.sh'

/** An event as the collector took it. */
export interface ReceivedEvent {
  readonly time: number
  readonly host: string
  readonly source: string
  readonly sourcetype: string
  readonly index: string | null
  readonly event: EcsDocument
  readonly fields: Readonly<Record<string, unknown>>
}

/** A collector with TLS that can be overloaded, stopped, and started again on the same port. */
export interface HecCollector {
  readonly url: string
  /** Folder of the certificates. */
  readonly folder: string
  received(): readonly ReceivedEvent[]
  overload(on: boolean): void
  start(): Promise<void>
  stop(signal?: NodeJS.Signals): Promise<void>
  remove(): Promise<void>
}

export function hecMissing(): string | undefined {
  return whyNot(SCRIPT)
}

export async function startHec(options: { readonly acknowledge: boolean }): Promise<HecCollector> {
  const folder = peerFolder('hec')
  makeCertificates(folder)
  const [port] = await freePorts(1)
  const out = join(folder, 'received.ndjson')
  const reject = join(folder, 'reject')
  const files = ['-cert', join(folder, 'server.pem'), '-key', join(folder, 'server.key'), '-out', out, '-reject', reject]
  let peer: PeerProcess | undefined
  const collector: HecCollector = {
    url: `https://localhost:${port}`,
    folder,
    received: () => ndjson<ReceivedEvent>(out),
    overload: on => (on ? writeFileSync(reject, '') : rmSync(reject, { force: true })),
    start: async () => {
      const args = ['-listen', `127.0.0.1:${port}`, ...files, ...(options.acknowledge ? ['-ack'] : [])]
      peer = await startPeer(SCRIPT, args, () => listens(port))
    },
    stop: async signal => peer?.stop(signal),
    remove: async () => {
      await peer?.stop()
      removeFolder(folder)
    },
  }
  await startOrRemove(collector)
  return collector
}
