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
const ORU_MESSAGES = SMALL ? 10_000 : 500_000
const RUNS = 3
/** tshark is given at most so much of a capture that a run stays below about two minutes. */
const TSHARK_SLICE_BYTES = 160_000_000

interface Timing {
  readonly name: string
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
  for (const frame of oruFrames(kind, ORU_MESSAGES)) {
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
  const timings = rivals.map(([name, program, args, read]) => timed(name, program, args, file, read))
  print(title, bytes, timings)
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

/** `file` is in memory before the first run, so that none of the rivals waits for a disk. */
function timed(name: string, program: string, args: readonly string[], file: string, bytes: number): Timing {
  spawnSync('cat', [file], { stdio: 'ignore' })
  const seconds: number[] = []
  for (let run = 0; run < RUNS; run++) {
    const begin = process.hrtime.bigint()
    const done = spawnSync(program, args, { stdio: 'ignore' })
    if (done.status !== 0) throw new Error(`${name} ended with ${done.status ?? done.error?.message}`)
    seconds.push(Number(process.hrtime.bigint() - begin) / 1e9)
  }
  return { name, seconds: seconds.sort((left, right) => left - right), bytes }
}

/** Rates are by bytes, so that a rival on a slice compares; the last column is wardwire's median rate over the rival's. */
function print(title: string, bytes: number, timings: readonly Timing[]): void {
  const ours = rate(timings[0]!)
  console.log(`\n${title}: ${(bytes / 1e6).toFixed(0)} MB`)
  console.log('program                  min s   median s   MB read   MB/s (median)   wardwire is')
  for (const timing of timings) {
    const ratio = timing === timings[0] ? '' : `${(ours / rate(timing)).toFixed(2)} × as fast`
    const columns = [
      timing.seconds[0]!.toFixed(2).padStart(7),
      median(timing).toFixed(2).padStart(10),
      (timing.bytes / 1e6).toFixed(0).padStart(9),
    ]
    console.log(`${timing.name.padEnd(23)} ${columns.join(' ')} ${rate(timing).toFixed(1).padStart(15)}   ${ratio}`)
  }
  if (timings.some(timing => timing.bytes < bytes)) console.log('tshark read a slice only; its rate is by bytes of that slice.')
}

const median = (timing: Timing): number => timing.seconds[timing.seconds.length >> 1]!
const rate = (timing: Timing): number => timing.bytes / 1e6 / median(timing)

try {
  main()
} finally {
  rmSync(work, { recursive: true, force: true })
}
