// How fast a replay is against others that read the same capture in the same run:   make bench   (small: node test/bench/run.ts --small)
//
// Records a C-STORE (storescu to storescp) and takes an ORU dialogue, repeats them with other addresses, ports and times until they are large,
// and times  tshark -T ek,  tcpdump -w /dev/null  and  wardwire replay.  Needs tcpdump, tshark, dcmtk and root (for the recording).
// Everything is written below a temporary folder, which is removed at the end.
import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Frame, readPcap } from '../captures/pcap.ts'
import { oruFrames } from './oru.ts'
import { appendFrame, PCAP_HEADER, Replicator } from './replicate.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const SMALL = process.argv.includes('--small')
const STORE_BYTES = SMALL ? 60_000_000 : 2_000_000_000
/** Reports of devices are as many bytes as the C-STORE; each of a laboratory's becomes an event, so that fewer do. */
const ORU_MESSAGES = SMALL ? { device: 10_000, lab: 10_000 } : { device: 1_500_000, lab: 250_000 }
/** All programs run once a round, so that a machine that gets faster or slower does so for all of them. */
const ROUNDS = 5
/** tshark is given at most so much of a capture that a run stays below a minute. */
const TSHARK_SLICE_BYTES = 100_000_000

interface Timing {
  readonly name: string
  /** Of each round. */
  readonly seconds: readonly number[]
  /** Bytes of the capture that were read in each run. */
  readonly bytes: number
}

const work = mkdtempSync(join(tmpdir(), 'wardwire-bench-'))

function main(): void {
  if (spawnSync(join(ROOT, 'bin', 'wardwire'), ['--version']).status !== 0) throw new Error('wardwire is not built: run `make build`')
  const store = join(work, 'store.pcap')
  replicate(readPcap(readFileSync(recordStore())), store, STORE_BYTES)
  report('C-STORE', store, [
    [
      '… with instance hashes',
      join(ROOT, 'bin', 'wardwire'),
      ['replay', store, '--out', join(work, 'out'), '--force', '--config', hashing()],
    ],
  ])
  rmSync(store)
  for (const kind of ['device', 'lab'] as const) {
    const file = join(work, `oru-${kind}.pcap`)
    writeOru(kind, file)
    report(kind === 'device' ? 'ORU of devices (PCD-01)' : 'ORU of a laboratory', file)
    rmSync(file)
  }
}

/** A real bulk store between two toolkit programs, in a network namespace whose loopback has the frame size of Ethernet: about 25 MB. */
function recordStore(): string {
  const file = join(work, 'seed.pcap')
  const objects = join(work, 'objects')
  makeObjects(objects)
  const script = `
    ip link set lo up mtu 1500
    ethtool -K lo tx off tso off gso off gro off >/dev/null 2>&1
    storescp -q --ignore 11999 & receiver=$!
    tcpdump -Z root -i lo --immediate-mode -B 65536 -s 0 -w "$1" tcp port 11999 2>/dev/null & capture=$!
    sleep 1.5
    storescu -q -R +sd --repeat 4 127.0.0.1 11999 "$2"; status=$?
    sleep 0.5; kill -INT $capture; wait $capture; kill $receiver; exit $status`
  const run = spawnSync('unshare', ['-n', 'bash', '-c', script, 'record', file, objects], { encoding: 'utf8' })
  if (run.status !== 0) throw new Error(`recording a store failed: ${run.stderr || run.error?.message}`)
  return file
}

/** CT images of 512 × 512 pixels, made by dump2dcm from a text. */
function makeObjects(folder: string): void {
  spawnSync('mkdir', ['-p', folder])
  const pixels = join(work, 'pixels.raw')
  writeFileSync(pixels, Buffer.alloc(512 * 512 * 2, 7))
  for (let index = 1; index <= 12; index++) {
    const dump = join(work, 'object.dump')
    writeFileSync(dump, objectDump(index, pixels))
    const made = spawnSync('dump2dcm', ['-q', '+te', '+E', dump, join(folder, `ct-${index}.dcm`)])
    if (made.status !== 0) throw new Error(`dump2dcm failed: ${made.stderr}`)
  }
}

function objectDump(index: number, pixels: string): string {
  const uid = '1.2.826.0.1.3680043.10.1.77777.60'
  return [
    `(0008,0016) UI =CTImageStorage`,
    `(0008,0018) UI [${uid}.1.${index}]`,
    `(0008,0050) SH [WWPHIACC0060]`,
    `(0008,0060) CS [CT]`,
    `(0008,0070) LO [SIEMENS]`,
    `(0008,1010) SH [CT01]`,
    `(0008,1090) LO [SOMATOM Definition AS]`,
    `(0010,0010) PN [WWPHIBENCH^ONE]`,
    `(0010,0020) LO [WWPHI0060]`,
    `(0018,1000) LO [66023]`,
    `(0018,1020) LO [syngo CT 2012B]`,
    `(0020,000d) UI [${uid}]`,
    `(0020,000e) UI [${uid}.1]`,
    `(0028,0002) US 1`,
    `(0028,0010) US 512`,
    `(0028,0011) US 512`,
    `(0028,0100) US 16`,
    `(7fe0,0010) OW =${pixels}`,
    '',
  ].join('\n')
}

/** Repeat a recorded dialogue, each time with another client, port and time, until the file is large. */
function replicate(frames: readonly Frame[], file: string, bytes: number): void {
  const out = openSync(file, 'w')
  writeSync(out, PCAP_HEADER)
  const replicator = new Replicator(frames)
  for (let written = 0, copy = 0; written < bytes; copy++) {
    const chunk = replicator.copy(copy)
    writeSync(out, chunk)
    written += chunk.length
  }
  closeSync(out)
}

function writeOru(kind: 'device' | 'lab', file: string): void {
  const out = openSync(file, 'w')
  writeSync(out, PCAP_HEADER)
  let pending: Buffer[] = []
  for (const frame of oruFrames(kind, ORU_MESSAGES[kind])) {
    pending.push(appendFrame(frame))
    if (pending.length < 4096) continue
    writeSync(out, Buffer.concat(pending))
    pending = []
  }
  writeSync(out, Buffer.concat(pending))
  closeSync(out)
}

/** A configuration that hashes every stored instance (protocols.dicom.instance_hashes). */
function hashing(): string {
  const file = join(work, 'hashing.yml')
  writeFileSync(file, 'protocols:\n  dicom:\n    instance_hashes: true\n')
  return file
}

type Program = readonly [name: string, program: string, args: readonly string[]]

/** `others`: wardwire run in other ways on the same capture. */
function report(title: string, file: string, others: readonly Program[] = []): void {
  const bytes = statSync(file).size
  const slice = tsharkSlice(file, bytes)
  const rivals: readonly (readonly [...Program, number])[] = [
    ['wardwire replay', join(ROOT, 'bin', 'wardwire'), ['replay', file, '--out', join(work, 'out'), '--force'], bytes],
    ...others.map(([name, program, args]) => [name, program, args, bytes] as const),
    ['tshark -T ek', 'tshark', ['-r', slice.file, '-T', 'ek'], slice.bytes],
    ['tcpdump -w', 'tcpdump', ['-r', file, '-w', '/dev/null'], bytes],
  ]
  // In memory before the first run, so that none of the rivals waits for a disk.
  spawnSync('cat', [file, slice.file], { stdio: 'ignore' })
  const rounds = Array.from({ length: ROUNDS }, () => rivals.map(([name, program, args]) => secondsOf(name, program, args)))
  print(
    title,
    bytes,
    rivals.map(([name, , , read], index) => ({ name, seconds: rounds.map(round => round[index]!), bytes: read })),
  )
  if (slice.file !== file) rmSync(slice.file)
}

/** The first part of a capture that is too large for tshark. */
function tsharkSlice(file: string, bytes: number): { readonly file: string; readonly bytes: number } {
  if (bytes <= TSHARK_SLICE_BYTES) return { file, bytes }
  const slice = join(work, 'slice.pcap')
  const from = readPcap(readFileSync(file).subarray(0, TSHARK_SLICE_BYTES))
  writeFileSync(slice, Buffer.concat([PCAP_HEADER, ...from.slice(0, -1).map(appendFrame)]))
  return { file: slice, bytes: statSync(slice).size }
}

function secondsOf(name: string, program: string, args: readonly string[]): number {
  const begin = process.hrtime.bigint()
  const done = spawnSync(program, args, { stdio: 'ignore' })
  if (done.status !== 0) throw new Error(`${name} ended with ${done.status ?? done.error?.message}`)
  return Number(process.hrtime.bigint() - begin) / 1e9
}

/** Rates are by bytes, so that a rival on a slice compares; the last columns are wardwire's rate over the rival's, round by round. */
function print(title: string, bytes: number, timings: readonly Timing[]): void {
  const [ours] = timings
  console.log(`\n${title}: ${(bytes / 1e6).toFixed(0)} MB, ${ROUNDS} rounds`)
  console.log('program                  min s   median s   MB read   MB/s (median)   wardwire is (median, least, most)')
  for (const timing of timings) {
    const columns = [
      Math.min(...timing.seconds)
        .toFixed(2)
        .padStart(7),
      median(timing.seconds).toFixed(2).padStart(10),
      (timing.bytes / 1e6).toFixed(0).padStart(9),
      (timing.bytes / 1e6 / median(timing.seconds)).toFixed(1).padStart(15),
    ]
    console.log(`${timing.name.padEnd(23)} ${columns.join(' ')}   ${timing === ours ? '' : comparison(ours!, timing)}`)
  }
  if (timings.some(timing => timing.bytes < bytes)) console.log('tshark read a slice only; its rate is by bytes of that slice.')
}

function comparison(ours: Timing, theirs: Timing): string {
  const rate = ({ bytes, seconds }: Timing, round: number): number => bytes / seconds[round]!
  const ratios = ours.seconds.map((_, round) => rate(ours, round) / rate(theirs, round))
  const [middle, least, most] = [median(ratios), Math.min(...ratios), Math.max(...ratios)].map(ratio => ratio.toFixed(2))
  return `${middle} × as fast (${least} to ${most})`
}

const median = (values: readonly number[]): number => values.toSorted((left, right) => left - right)[values.length >> 1]!

try {
  main()
} finally {
  rmSync(work, { recursive: true, force: true })
}
