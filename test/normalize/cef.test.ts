import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatCef } from '../../src/normalize/cef.ts'
import type { EcsDocument } from '../../src/normalize/event.ts'
import { readMapping } from '../../src/normalize/mappings.ts'
import { cutBytes } from '../../src/normalize/record.ts'
import { ALERT, ASSOCIATION, IPV6_FLOW, MESSAGE, sampleEvents, sampleNormalizer, UPDATED_ALERT } from './samples.ts'

const LOGNORMALIZER = '/usr/bin/lognormalizer'

/** Read one record by the rules of the format, independently of the writer: header by unescaped pipes, extension by unescaped `=`. */
function readCef(record: string): { header: string[]; extension: Map<string, string> } {
  const header: string[] = []
  let position = 0
  while (header.length < 7) {
    let part = ''
    while (record[position] !== '|') {
      if (position >= record.length) throw new Error('header ends early')
      if (record[position] === '\\') position++
      part += record[position++]
    }
    position++
    header.push(part)
  }
  const extension = new Map<string, string>()
  const rest = record.slice(position)
  if (rest !== '' && !rest.startsWith(' ')) throw new Error('no space after the last pipe')
  const starts = [...rest.matchAll(/ ([A-Za-z0-9_]+)=/g)]
  starts.forEach((start, index) => {
    const value = rest.slice(start.index + start[0].length, starts[index + 1]?.index ?? rest.length)
    if (/(^|[^\\])(\\\\)*=/.test(value)) throw new Error(`raw = in ${start[1]}`)
    if (extension.has(start[1])) throw new Error(`${start[1]} twice`)
    extension.set(start[1], withoutEscapes(value))
  })
  return { header, extension }
}

function withoutEscapes(value: string): string {
  return value.replace(/\\(.?)/gs, (_, character: string) => {
    const plain = { '\\': '\\', '=': '=', n: '\n', r: '\r' }[character]
    if (plain === undefined) throw new Error(`unknown escape \\${character}`)
    return plain
  })
}

function hostileDocument(text: string): EcsDocument {
  const association = { ...ASSOCIATION.association, callingAeTitle: text, id: 'x' }
  const { document } = sampleNormalizer({ strict: false }).observation({ ...ASSOCIATION, association })!
  return { ...document, message: text }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it is about
const REMOVED = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029]/g

/** What a receiver must read back of a text that is within the limits. */
function expected(text: string): string {
  return text.replaceAll('\t', ' ').replace(REMOVED, '').trim()
}

const HOSTILE = [
  'a|b',
  'k=v msg=forged src=1.2.3.4',
  'back\\slash',
  'ends in backslash\\',
  '\\\\=\\n',
  'two\nlines\r\nCEF:0|x|y|z|1|n|9|',
  'tab\tand\u0000null\u001b[31m',
  'Ärztin 医者 🩻 👩🏽‍⚕️',
  '\u2028line\u2029',
  '   spaces   around   ',
  '"quotes" \'single\' `back` <xml> {json} %s #015',
]

describe('CEF', () => {
  test('a record, word for word', () => {
    const { document } = sampleNormalizer().observation(MESSAGE)!
    expect(formatCef({ ...document, event: { ...(document['event'] as EcsDocument), id: 'e1' } })).toBe(
      'CEF:0|wardwire|wardwire|0.1.0|hl7-message|HL7 message|1| rt=1772352002500 externalId=e1 cat=wardwire.hl7 act=hl7-message ' +
        'outcome=success start=1772352000000 end=1772352002500 dvchost=sensor01 deviceExternalId=ward-3 deviceInboundInterface=eth1 ' +
        'src=10.20.1.11 spt=50112 smac=00:0b:ab:10:20:30 shost=CT-01 dst=10.20.2.9 dpt=6661 dmac=00:50:56:aa:bb:cc proto=tcp app=hl7 ' +
        'cs1=MINDRAY_EGATEWAY^00A037009A00DE5A^EUI-64 cs1Label=sending_application cs2=ENGINE cs2Label=receiving_application ' +
        'cs3=ORU cs3Label=message_type cs4=R01 cs4Label=trigger cs5=d-0001 cs5Label=device_id cs6=ICU cs6Label=sending_facility ' +
        'cn1=2411 cn1Label=message_bytes cn2=21 cn2Label=segments cn3=18 cn3Label=results flexString1=59689 flexString1Label=control_id ' +
        'flexString2=AA flexString2Label=ack_code msg=MINDRAY_EGATEWAY^00A037009A00DE5A^EUI-64 sent ORU^R01 to ENGINE, accepted (AA)',
    )
  })

  test('severity follows event.severity of alerts, else the outcome', () => {
    const severity = (document: EcsDocument) => readCef(formatCef(document)).header[6]
    const normalizer = sampleNormalizer()
    expect(severity(normalizer.alert({ ...ALERT, severity: 'low' }).document)).toBe('3')
    expect(severity(normalizer.alert({ ...ALERT, severity: 'medium' }).document)).toBe('5')
    expect(severity(normalizer.alert(ALERT).document)).toBe('8')
    expect(severity(normalizer.alert(UPDATED_ALERT).document)).toBe('10')
    expect(severity(normalizer.observation(ASSOCIATION)!.document)).toBe('1')
    expect(severity(normalizer.observation({ ...ASSOCIATION, outcome: 'unknown' })!.document)).toBe('2')
    expect(severity(normalizer.observation({ ...ASSOCIATION, outcome: 'failure' })!.document)).toBe('3')
  })

  test('an alert is named by its rule', () => {
    const { header } = readCef(formatCef(sampleNormalizer().alert(ALERT).document))
    expect(header).toEqual(['CEF:0', 'wardwire', 'wardwire', '0.1.0', 'dcm-move-new-dest', 'C-MOVE to a new destination', '8'])
  })

  test('a pipe in a header value becomes a slash', () => {
    const rule = { ...ALERT.rule, name: 'a|b\\c\nd' }
    const record = formatCef(sampleNormalizer().alert({ ...ALERT, rule }).document)
    expect(record).toContain('|a/b\\\\c d|8| rt=')
  })

  test('IPv6 addresses go to c6a2 and c6a3 with labels', () => {
    const { extension } = readCef(formatCef(sampleNormalizer().observation(IPV6_FLOW)!.document))
    expect(extension.get('c6a2')).toBe('2001:db8::11')
    expect(extension.get('c6a2Label')).toBe('source_ipv6')
    expect(extension.get('c6a3')).toBe('fd00::5')
    expect(extension.has('src')).toBe(false)
    expect(extension.has('dst')).toBe(false)
  })

  test('every sample is one line of well-formed pairs within the limits of the dictionary', () => {
    const { keys } = readMapping<{ keys: Record<string, { type: string; bytes?: number }> }>('cef.yml')
    for (const { document, id } of sampleEvents()) {
      const { header, extension } = readCef(formatCef(document))
      expect(header).toHaveLength(7)
      expect(extension.get('externalId')).toBe(id)
      for (const [key, value] of extension) {
        const base = key.replace(/Label$/, '')
        expect(Object.keys(keys)).toContain(base)
        expect(value).not.toBe('')
        if (key === base) expect(Buffer.byteLength(value)).toBeLessThanOrEqual(keys[base].bytes ?? 40)
        else expect(value).toMatch(/^\w{1,128}$/)
      }
    }
  })

  test('the key order is that of the table, run after run', () => {
    const { document } = sampleNormalizer().alert(ALERT)
    expect(formatCef(structuredClone(document))).toBe(formatCef(document))
    const order = Object.keys(readMapping<{ keys: object }>('cef.yml').keys)
    const keys = [...readCef(formatCef(document)).extension.keys()].filter(key => !key.endsWith('Label'))
    expect(keys).toEqual(keys.toSorted((one, other) => order.indexOf(one) - order.indexOf(other)))
  })

  test('values of a wrong kind are left out', () => {
    const document = { '@timestamp': 'never', event: { dataset: 'wardwire.asset' }, host: { ip: [], mac: [] }, message: '' }
    expect(formatCef(document)).toBe('CEF:0|wardwire|wardwire|0|event|event|1| cat=wardwire.asset')
  })

  test.each(HOSTILE)('reads back: %j', text => {
    const { extension } = readCef(formatCef(hostileDocument(text)))
    expect(extension.get('cs1')).toBe(expected(text))
    expect(extension.get('msg')).toBe(expected(text))
  })

  test('any text reads back as it was, without control characters and outer blanks', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), text => {
        const record = formatCef(hostileDocument(text))
        expect(record).not.toMatch(/[\n\r\t]/)
        const wanted = expected(text.toString())
        expect(readCef(record).extension.get('cs1') ?? '').toBe(wanted)
      }),
      { interruptAfterTimeLimit: 5000, numRuns: 1000 },
    )
  })

  test('long values are cut within the limit, never within a character or an escape', () => {
    const unit = fc.constantFrom('a', '=', '\\', '\n', 'é', '医', '🩻', ' ')
    fc.assert(
      fc.property(fc.array(unit, { minLength: 900, maxLength: 1400 }), characters => {
        const text = `x${characters.join('')}`
        const record = formatCef(hostileDocument(text))
        const raw = / msg=(.*)$/s.exec(record)?.[1] ?? ''
        expect(Buffer.byteLength(raw)).toBeLessThanOrEqual(1023)
        const read = readCef(record).extension.get('msg') ?? ''
        expect(read).not.toContain('\ufffd')
        expect(text.trim().startsWith(read)).toBe(true)
      }),
      { interruptAfterTimeLimit: 5000, numRuns: 300 },
    )
  })

  test('cutting keeps whole characters', () => {
    expect(cutBytes('a🩻b', 4)).toBe('a')
    expect(cutBytes('a🩻b', 5)).toBe('a🩻')
    expect(cutBytes('ééé', 3)).toBe('é')
    expect(cutBytes('abc', 3)).toBe('abc')
  })
})

describe('CEF as liblognorm reads it', () => {
  const absent = !existsSync(LOGNORMALIZER)

  /** Field by field what lognormalizer makes of records, one a line. */
  function normalize(records: readonly string[]): readonly Readonly<Record<string, string>>[] {
    const folder = mkdtempSync(join(tmpdir(), 'wardwire-cef-'))
    try {
      writeFileSync(join(folder, 'cef.rulebase'), 'version=2\nrule=:%cef:cef%\n')
      const run = spawnSync(LOGNORMALIZER, ['-r', join(folder, 'cef.rulebase'), '-e', 'json'], {
        input: `${records.join('\n')}\n`,
        timeout: 60_000,
      })
      const answers = run.stdout.toString().trim().split('\n')
      expect(answers).toHaveLength(records.length)
      return answers.map(answer => {
        const { cef } = JSON.parse(answer) as { cef?: { Extensions: Record<string, string> } }
        if (cef === undefined) throw new Error(`refused: ${answer.slice(0, 300)}`)
        return cef.Extensions
      })
    } finally {
      rmSync(folder, { recursive: true })
    }
  }

  test.skipIf(absent)('every field of every sample reads back equal (needs liblognorm-utils)', () => {
    const records = sampleEvents().map(({ document }) => formatCef(document))
    const read = normalize(records)
    records.forEach((record, index) => {
      expect(read[index]).toEqual(Object.fromEntries(readCef(record).extension))
    })
  })

  test.skipIf(absent)('hostile values and 10 KB of them read back equal (needs liblognorm-utils)', () => {
    const texts = [...HOSTILE, 'x'.repeat(10_240), '\\='.repeat(5120), '医🩻'.repeat(1500), `${'a '.repeat(5120)}`]
    const records = texts.map(text => formatCef(hostileDocument(text)))
    const read = normalize(records)
    texts.forEach((text, index) => {
      expect(expected(text).startsWith(read[index]['cs1'])).toBe(true)
      if (text.length < 1000) expect(read[index]['cs1']).toBe(expected(text))
      expect(read[index]).toEqual(Object.fromEntries(readCef(records[index]).extension))
    })
  })

  test.skipIf(absent)('random values read back equal (needs liblognorm-utils)', () => {
    const texts = fc.sample(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 80 }), 300).filter(text => expected(text) !== '')
    const read = normalize(texts.map(text => formatCef(hostileDocument(text))))
    expect(read.map(extension => extension['cs1'])).toEqual(texts.map(expected))
  })
})
