import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openCaptureFile } from '../../../src/capture/file.ts'
import { Sensor } from '../../../src/sensor.ts'
import { defaultSettings } from '../../../src/settings.ts'
import { readPcap, writeCapture } from '../../captures/pcap.ts'
import { flow, instance, SECOND, START } from '../../inventory/samples.ts'
import { detector } from '../harness.ts'

const RULE = 'wf-sop-altered'
const toArchive = () => flow()
const toReader = () => flow({ clientAddress: '10.1.0.20', serverAddress: '10.1.0.30' })
const JPEG = { uid: '1.2.840.10008.1.2.4.70', name: 'JPEG Lossless' }

describe('fires', () => {
  test('when an instance comes again with other pixels', () => {
    const { detector: rules, alerts } = detector(RULE)
    rules.observe(instance(toArchive(), START))
    rules.observe(instance(toReader(), START + 60 * SECOND, { bulk: 'other pixels' }))
    expect(alerts).toMatchObject([
      {
        action: 'alert-raised',
        severity: 'critical',
        confidence: 'high',
        fields: { 'dicom.sop_class.name': 'CT Image Storage', 'dicom.calling_ae_title': 'CT01' },
        captureFilter: 'host 10.1.0.20 and host 10.1.0.30 and tcp port 104',
        rule: { category: 'workflow', enterprise: [{ id: 'T1565.001' }], ics: [{ id: 'T0832' }] },
      },
    ])
    expect(alerts[0]?.message).toBe(
      'An instance that 10.1.0.10 had sent to 10.1.0.20 went from 10.1.0.20 to 10.1.0.30 with other pixels or document',
    )
    expect(JSON.stringify(alerts[0]?.fields) + alerts[0]?.evidence.join()).not.toMatch(/keyed hash/)
  })

  test('once for an instance, however often it comes', () => {
    const { detector: rules, alerts } = detector(RULE)
    rules.observe(instance(toArchive(), START))
    for (let time = 1; time <= 4; time++) rules.observe(instance(toReader(), START + time, { bulk: 'other pixels' }))
    expect(alerts.map(({ action, count }) => [action, count])).toEqual([
      ['alert-raised', 1],
      ['alert-updated', 2],
      ['alert-updated', 4],
    ])
  })

  test('on an object without pixels that changed, where the configuration asks for it', () => {
    const report = { bulk: undefined, attributes: 'report' }
    const { detector: rules, alerts } = detector(RULE, { [RULE]: { attributes: true } })
    rules.observe(instance(toArchive(), START, report))
    rules.observe(instance(toReader(), START + 1, { ...report, attributes: 'other report' }))
    expect(alerts).toMatchObject([{ severity: 'high', confidence: 'medium' }])
  })
})

describe('must not fire', () => {
  test.each([
    ['the same content', {}],
    ['other attributes and the same pixels', { attributes: 'patient name corrected' }],
    ['another instance', { instance: 'another', bulk: 'other pixels' }],
    ['another transfer syntax', { transferSyntax: JPEG, bulk: 'compressed' }],
    ['an unknown transfer syntax', { transferSyntax: undefined, bulk: 'other pixels' }],
    ['pixels that were not found', { bulk: undefined }],
  ])('on %s', (_, second) => {
    const { detector: rules, alerts } = detector(RULE)
    rules.observe(instance(toArchive(), START))
    rules.observe(instance(toReader(), START + 1, second))
    expect(alerts).toEqual([])
  })

  test('by default on an object without pixels that changed', () => {
    const { detector: rules, alerts } = detector(RULE)
    rules.observe(instance(toArchive(), START, { bulk: undefined }))
    rules.observe(instance(toReader(), START + 1, { bulk: undefined, attributes: 'other' }))
    expect(alerts).toEqual([])
  })
})

test('remembers as many instances as it may', () => {
  const { detector: rules, alerts } = detector(RULE, { [RULE]: { max_instances: 100 } })
  for (let number = 0; number < 101; number++) rules.observe(instance(toArchive(), START, { instance: `${number}` }))
  rules.observe(instance(toReader(), START + 1, { instance: '0', bulk: 'other pixels' }))
  expect(alerts).toEqual([])
  rules.observe(instance(toReader(), START + 1, { instance: '100', bulk: 'other pixels' }))
  expect(alerts).toHaveLength(1)
})

describe('on a recorded store that comes again', () => {
  const RECORDED = join(import.meta.dirname, '..', '..', 'captures', 'recorded', 'dicom-store-ct-explicit.pcap')

  /** The recording, and an hour later the same with other bytes in one packet of pixels where `altered`. */
  function twice(altered: boolean): Buffer {
    const frames = readPcap(readFileSync(RECORDED))
    const pixels = frames.findIndex(({ data }) => data.length > 1400)
    const again = frames.map(({ time, data }, index) => {
      const copy = Buffer.from(data)
      if (altered && index === pixels + 3) copy.writeUInt8(copy.at(-1)! ^ 0xff, copy.length - 1)
      return { time: time + 3_600_000_000_000n, data: copy }
    })
    return writeCapture([...frames, ...again])
  }

  async function alertsOf(capture: Buffer, hashes: boolean): Promise<readonly string[]> {
    const folder = mkdtempSync(join(tmpdir(), 'wardwire-altered-'))
    try {
      const file = join(folder, 'x.pcap')
      writeFileSync(file, capture)
      const base = defaultSettings()
      const settings = { ...base, protocols: { ...base.protocols, dicom: { ...base.protocols.dicom, instance_hashes: hashes } } }
      const sensor = new Sensor({ settings, recorded: true, strict: true, interfaces: () => [], deliver: () => undefined })
      await openCaptureFile(file).run(sensor, new AbortController().signal, () => undefined)
      sensor.finish()
      return sensor.summary().alerts.map(({ document }) => String((document['rule'] as { readonly id: string }).id))
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }

  test('with other pixels the alert is raised', async () => expect(await alertsOf(twice(true), true)).toContain(RULE))
  test('with the same it is not', async () => expect(await alertsOf(twice(false), true)).not.toContain(RULE))
  test('nor where hashes are not asked for', async () => expect(await alertsOf(twice(true), false)).not.toContain(RULE))
})
