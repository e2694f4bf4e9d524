import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openCaptureFile } from '../../src/capture/file.ts'

const FOLDER = join(import.meta.dirname, '..', '..', '..', 'shared', 'captures')

function captures(): readonly string[] {
  if (!existsSync(FOLDER)) return []
  return readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter(file => /\.(pcap|pcapng|cap)(\.gz)?$/.test(file))
}

describe.skipIf(captures().length === 0)('captures of other test suites', () => {
  test.each(captures())('%s is read to its end, or its fault is named', async file => {
    const source = openCaptureFile(join(FOLDER, file))
    let before = 0
    let bytes = 0
    const end = await source.run(
      {
        packet: ({ data, offset, capturedLength, originalLength, time }) => {
          if (offset + capturedLength > data.length || originalLength < capturedLength) throw new Error('a frame outside its buffer')
          if (Number.isFinite(time)) before++
          bytes += capturedLength
        },
      },
      new AbortController().signal,
      () => undefined,
    )
    expect(source.statistics).toMatchObject({ packets: before, bytes })
    if (end.kind === 'failed') {
      expect(end.code).toMatch(/^capture_(truncated|corrupt|foreign)$/)
      expect(end.message).toContain(`(offset ${end.offset}`)
    } else {
      expect(end).toEqual({ kind: 'complete' })
      expect(before).toBeGreaterThan(0)
    }
  })
})
