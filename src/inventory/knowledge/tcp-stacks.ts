import type { SynTraits } from '../../net/syn.ts'

interface Row {
  readonly name: string
  /** Time to live, or hop limit, with which the system sends. */
  readonly ttl: 64 | 128
  readonly options: string
  readonly windows?: readonly number[]
  readonly windowScales?: readonly number[]
  readonly source: string
}

/**
 * Operating systems by how they open connections. Only families that the same packets of no other system show: the TCP of the BSDs lives in
 * many embedded systems under other names, and is not told apart.
 */
const ROWS: readonly Row[] = [
  {
    name: 'Windows 2000, XP or Server 2003',
    ttl: 128,
    options: '2,1,1,4',
    windows: [16_384],
    source: 'measured with the browser announcements of the same hosts (OS 5.0 and 5.1)',
  },
  {
    name: 'Windows Vista or later',
    ttl: 128,
    options: '2,1,3,1,1,4',
    windowScales: [2, 8],
    source: 'measured with the NTLM versions (10.0.10586, 10.0.19041) and user agents (6.1) of the same hosts',
  },
  {
    name: 'Linux',
    ttl: 64,
    options: '2,4,8,1,3',
    source: 'Linux, tcp_output.c; measured with the SSH identification, greetings and user agents of the same hosts',
  },
  { name: 'Linux', ttl: 64, options: '2,1,1,4,1,3', source: 'measured on Linux 6.18 without timestamps' },
  {
    name: 'Darwin',
    ttl: 64,
    options: '2,1,3,1,1,8,4,0',
    source: 'measured with the SMB native OS and user agents (Darwin 12.2, Mac OS X 10.15) of the same hosts; iOS has the same kernel',
  },
]

/** Routers that a packet passes at most: more would make one initial time to live another. */
const MAX_HOPS = 31

/** What a SYN tells of its sender. */
export interface TcpStack {
  readonly name: string
  /** The row, as `evidence.table` shows it. */
  readonly row: string
  /** Routers between the sender and the place where it was seen. */
  readonly hops: number
}

/** The system that opens connections like this; undefined when no row fits. */
export function stackOf({ ttl, window, windowScale, options }: SynTraits): TcpStack | undefined {
  const row = ROWS.find(
    known =>
      known.options === options &&
      ttl <= known.ttl &&
      ttl >= known.ttl - MAX_HOPS &&
      (known.windows?.includes(window) ?? true) &&
      (known.windowScales?.includes(windowScale ?? 0) ?? true),
  )
  return row && { name: row.name, row: `tcp-syn:${row.ttl}:${row.options} (${row.source})`, hops: row.ttl - ttl }
}
