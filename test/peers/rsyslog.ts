import { existsSync, readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
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

const SCRIPT = 'rsyslog.sh'

/** A message as rsyslog and liblognorm read it. */
export interface ReceivedMessage {
  readonly raw: string
  readonly time: string
  readonly host: string
  readonly app: string
  readonly msgid: string
  readonly severity: number
  readonly facility: string
  readonly text: string
  readonly fields: {
    readonly cef?: {
      readonly DeviceVendor: string
      readonly DeviceProduct: string
      readonly DeviceVersion: string
      readonly SignatureID: string
      readonly Name: string
      readonly Severity: string
      readonly Extensions: Readonly<Record<string, string>>
    }
  }
}

/** rsyslog with one port for each transport; it can be stopped and started again on the same ports. */
export interface Rsyslog {
  readonly ports: { readonly udp: number; readonly tcp: number; readonly tls: number; readonly mutual: number }
  /** Folder of the certificates. */
  readonly folder: string
  received(): readonly ReceivedMessage[]
  start(): Promise<void>
  stop(signal?: NodeJS.Signals): Promise<void>
  remove(): Promise<void>
}

/** What a killed receiver had only begun to write, it has not received; the next one would write its first line behind that. */
function dropTornLine(file: string): void {
  if (existsSync(file)) truncateSync(file, readFileSync(file).lastIndexOf('\n') + 1)
}

export function rsyslogMissing(): string | undefined {
  return whyNot(SCRIPT)
}

export async function startRsyslog(): Promise<Rsyslog> {
  const folder = peerFolder('rsyslog')
  makeCertificates(folder)
  const [udp, tcp, tls, mutual] = await freePorts(4)
  const out = join(folder, 'received.ndjson')
  let peer: PeerProcess | undefined
  const rsyslog: Rsyslog = {
    ports: { udp, tcp, tls, mutual },
    folder,
    received: () => ndjson<ReceivedMessage>(out),
    start: async () => {
      dropTornLine(out)
      const ready = async (): Promise<boolean> => (await listens(tcp)) && (await listens(tls)) && (await listens(mutual))
      peer = await startPeer(SCRIPT, [udp, tcp, tls, mutual].map(String).concat(out, folder), ready)
    },
    stop: async signal => peer?.stop(signal),
    remove: async () => {
      await peer?.stop()
      removeFolder(folder)
    },
  }
  await startOrRemove(rsyslog)
  return rsyslog
}
