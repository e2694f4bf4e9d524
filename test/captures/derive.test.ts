import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { TSHARK_IS_MISSING } from '../oracle/tshark.ts'
import { derive, type Step } from './derive.ts'
import { readPcap } from './pcap.ts'

const CAPTURE = readFileSync(join(import.meta.dirname, 'recorded', 'dicom-store-ct-explicit.pcap'))
const frames = (steps: readonly Step[]) => readPcap(derive(CAPTURE, steps))

describe('derived captures', () => {
  test('without a step are the recording', () => expect(derive(CAPTURE, []).equals(CAPTURE)).toBe(true))

  test.each([[[{ loss: 0.3, seed: 1 }]], [[{ reorder: 0.3, seed: 1 }]], [[{ duplicate: 0.3, seed: 1 }]]] as const)(
    '%j is the same every time, and differs by seed',
    steps => {
      const again = derive(CAPTURE, steps)
      expect(derive(CAPTURE, steps).equals(again)).toBe(true)
      expect(derive(CAPTURE, [{ ...steps[0], seed: 2 } as Step]).equals(again)).toBe(false)
    },
  )

  test('loss takes data, never what carries none', () => {
    const kept = frames([{ loss: 1, seed: 1 }])
    expect(kept.length).toBeLessThan(readPcap(CAPTURE).length)
    expect(kept.some(({ data }) => data.length > 100)).toBe(false)
  })

  test('reordering keeps every frame and the order of times', () => {
    const [before, after] = [readPcap(CAPTURE), frames([{ reorder: 0.5, seed: 9 }])]
    expect(after.map(({ time }) => time)).toEqual(before.map(({ time }) => time))
    expect(after.map(({ data }) => data.toString('hex')).sort()).toEqual(before.map(({ data }) => data.toString('hex')).sort())
  })

  test('one side and the other make the whole', () => {
    const arp = readPcap(CAPTURE).filter(({ data }) => data.readUInt16BE(12) === 0x0806).length
    expect(frames([{ only: 'client' }]).length + frames([{ only: 'server' }]).length).toBe(readPcap(CAPTURE).length + arp)
  })

  test('copies come once for each frame, after it', () => {
    const [before, after] = [readPcap(CAPTURE), frames([{ copy: { vlan: 20, routed: true }, delay: 300 }])]
    expect(after.length).toBe(before.length * 2)
    expect(after.filter(({ data }) => data.readUInt16BE(12) === 0x8100).map(({ time }) => time - 300_000n)).toEqual(
      before.map(({ time }) => time),
    )
  })

  test('midstream and drop take the frames they name', () => {
    expect(frames([{ midstream: 5 }])).toEqual(readPcap(CAPTURE).slice(5))
    expect(frames([{ drop: [1, 3] }])).toEqual(readPcap(CAPTURE).filter((_, index) => index !== 0 && index !== 2))
  })

  test
    .skipIf(TSHARK_IS_MISSING)
    .each([
      [[{ vlan: [100, 20] }]],
      [[{ tunnel: 'erspan' }]],
      [[{ tunnel: 'gre' }]],
      [[{ tunnel: 'vxlan' }]],
      [[{ format: 'nanosecond' }]],
      [[{ format: 'swapped' }]],
      [[{ format: 'pcapng' }]],
    ] as const)('%j still reads as the same dialogue in tshark (skipped where it is not installed)', steps => {
    expect(dicomLines(derive(CAPTURE, steps))).toEqual(dicomLines(CAPTURE))
  })
})

function dicomLines(capture: Buffer): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'wardwire-derive-'))
  try {
    const file = join(folder, 'x.pcap')
    writeFileSync(file, capture)
    const args = ['-r', file, '-d', 'tcp.port==11112,dicom', '-Y', 'dicom', '-T', 'fields', '-e', '_ws.col.Info']
    return spawnSync('tshark', args, { encoding: 'utf8' }).stdout.trim().split('\n')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
