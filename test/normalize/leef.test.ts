import { describe, expect, test } from 'vitest'
import { formatLeef } from '../../src/normalize/leef.ts'
import { readMapping } from '../../src/normalize/mappings.ts'
import { ALERT, IPV6_FLOW, MESSAGE, sampleEvents, sampleNormalizer, UPDATED_ALERT } from './samples.ts'

function readLeef(record: string): { header: readonly string[]; pairs: ReadonlyMap<string, string> } {
  const [format, vendor, product, version, id, delimiter, ...rest] = record.split('|')
  const pairs = rest.join('|').split(delimiter)
  return {
    header: [format, vendor, product, version, id, delimiter],
    pairs: new Map(pairs.map(pair => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)])),
  }
}

describe('LEEF', () => {
  test('header and keys', () => {
    const { header, pairs } = readLeef(formatLeef(sampleNormalizer().observation(MESSAGE)!.document))
    expect(header).toEqual(['LEEF:2.0', 'wardwire', 'wardwire', '0.1.0', 'hl7-message', '^'])
    expect(Object.fromEntries(pairs)).toMatchObject({
      sev: '1',
      name: 'HL7 message',
      devTime: '1772352002500',
      cat: 'wardwire.hl7',
      src: '10.20.1.11',
      srcPort: '50112',
      srcMAC: '00:0b:ab:10:20:30',
      dst: '10.20.2.9',
      sending_application: 'MINDRAY_EGATEWAY 00A037009A00DE5A EUI-64',
      ack_code: 'AA',
    })
  })

  test('IPv6 addresses stand in src and dst', () => {
    const { pairs } = readLeef(formatLeef(sampleNormalizer().observation(IPV6_FLOW)!.document))
    expect(pairs.get('src')).toBe('2001:db8::11')
    expect(pairs.get('dst')).toBe('fd00::5')
  })

  test('severity of alerts', () => {
    expect(readLeef(formatLeef(sampleNormalizer().alert(UPDATED_ALERT).document)).pairs.get('sev')).toBe('10')
  })

  test('a value cannot start another pair or line, or end the header', () => {
    const rule = { ...ALERT.rule, id: 'a|b\nc' }
    const record = formatLeef(sampleNormalizer().alert({ ...ALERT, rule, message: 'x^src=9.9.9.9\r\nLEEF:2.0|' }).document)
    expect(record).not.toMatch(/[\r\n]/)
    const { header, pairs } = readLeef(record)
    expect(header[4]).toBe('a/b c')
    expect(pairs.get('src')).toBe('10.20.1.11')
    expect(pairs.get('msg')).toBe('x src=9.9.9.9 LEEF:2.0|')
  })

  test('every sample has distinct keys without blanks and no empty value', () => {
    for (const { document } of sampleEvents()) {
      const record = formatLeef(document)
      const written = record.split('|').slice(6).join('|').split('^')
      const { pairs } = readLeef(record)
      expect(pairs.size).toBe(written.length)
      for (const [key, value] of pairs) {
        expect(key).toMatch(/^\w+$/)
        expect(value).not.toBe('')
      }
    }
  })

  test('every key of the CEF table has a LEEF key or a label', () => {
    const cef = readMapping<{ common: Row[]; datasets: Record<string, Row[]> }>('cef.yml')
    const leef = readMapping<{ keys: Record<string, string> }>('leef.yml')
    for (const row of [...cef.common, ...Object.values(cef.datasets).flat()]) expect(leef.keys[row.key] ?? row.label, row.key).toBeDefined()
  })
})

interface Row {
  readonly key: string
  readonly label?: string
}
