import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { answer, get, HttpConversation } from './conversation.ts'

const UUID = '00000000-0000-0000-0000-00409d4c1a07'
const device = (elements: string): string =>
  `<?xml version="1.0"?>\n<root xmlns="urn:schemas-upnp-org:device-1-0"><specVersion><major>1</major></specVersion><device>${elements}</device></root>`
const element = (name: string, value: string): string => `<${name}>${value}</${name}>`
const PRINTER = [
  element('deviceType', 'urn:schemas-upnp-org:device:Printer:1'),
  element('friendlyName', 'WWPHI of ward 3'),
  element('manufacturer', 'Zebra &amp; Sons'),
  element('modelDescription', 'prints'),
  element('modelName', ' ZD 420 '),
  element('modelNumber', '420-1'),
  element('serialNumber', 'D2J190301'),
  element('UDN', `uuid:${UUID.toUpperCase()}`),
].join('\n')
const EMBEDDED = `<deviceList><device>${element('manufacturer', 'Another')}${element('modelName', 'Inner')}</device></deviceList>`
const OF_PRINTER = ['manufacturer Zebra & Sons', 'model ZD 420', 'model_number 420-1', 'serial_number D2J190301', `upnp_uuid ${UUID}`]

function said(
  body: string | Buffer,
  { type = 'text/xml', status = 200, fields = [] as readonly string[], target = '/d.xml' } = {},
): readonly string[] {
  const talk = new HttpConversation()
    .client(get(target))
    .server(answer(status, type, body, ...fields))
    .end()
  return talk.observations.flatMap(observation => {
    if (observation.kind !== 'device-identity') return []
    expect(observation).toMatchObject({ protocol: 'upnp', about: 'server', forwarded: false })
    return observation.facts.map(({ attribute, value }) => `${attribute} ${value}`)
  })
}

describe('a device description', () => {
  test.each(['text/xml', 'application/xml', 'text/xml; charset="utf-8"'])('of type %s tells maker, model, serial number and UUID', type =>
    expect(said(device(PRINTER), { type })).toEqual(OF_PRINTER),
  )

  test('is that of the root device, wherever the others stand', () => {
    expect(said(device(`${PRINTER}${EMBEDDED}`))).toEqual(OF_PRINTER)
    expect(said(device(`${element('modelName', 'ZD')}${EMBEDDED}${element('serialNumber', '1')}`))).toEqual(['model ZD'])
  })

  test('may have names with a prefix, attributes, and a character set of its own', () => {
    const xml =
      '<?xml version="1.0" encoding="ISO-8859-1"?><u:root a="b" xmlns:u="urn:schemas-upnp-org:device-1-0"><u:device><u:manufacturer x="y">Dräger</u:manufacturer></u:device></u:root>'
    expect(said(Buffer.from(xml, 'latin1'))).toEqual(['manufacturer Dräger'])
  })

  test('is read compressed, and as far as it goes', () => {
    expect(said(gzipSync(device(PRINTER)), { fields: ['Content-Encoding: gzip'] })).toEqual(OF_PRINTER)
    expect(said(device(`${PRINTER}<iconList>${' '.repeat(20_000)}</iconList>`))).toEqual(OF_PRINTER)
    expect(said(device(`<iconList>${' '.repeat(20_000)}</iconList>${PRINTER}`))).toEqual([])
    expect(said(device(PRINTER).slice(0, device(PRINTER).indexOf('</serialNumber>')))).toEqual(OF_PRINTER.slice(0, 3))
  })

  test('of what serves media names a program: only its UUID is taken', () => {
    for (const kind of ['MediaServer', 'MediaRenderer'])
      expect(said(device(PRINTER.replace(':Printer:', `:${kind}:`)))).toEqual([`upnp_uuid ${UUID}`])
  })

  test('comes in any pieces', () => {
    const response = answer(200, 'text/xml', device(`${PRINTER}${' '.repeat(2000)}${EMBEDDED}`)).toString('latin1')
    for (const size of [1, 5, 1000, 1500, 100_000]) {
      const talk = new HttpConversation().client(get('/d.xml'))
      for (let at = 0; at < response.length; at += size) talk.server(response.slice(at, at + size))
      expect(talk.facts).toEqual(OF_PRINTER.map(fact => `server ${fact}`))
    }
  })

  test.each([
    ['what is no success', device(PRINTER), { status: 404 }],
    ['other types', device(PRINTER), { type: 'text/plain' }],
    ['other roots', device(PRINTER).replace('device-1-0', 'service-1-0'), {}],
    ['a root far below', `<!--${' '.repeat(2000)}-->${device(PRINTER)}`, {}],
    ['a clinical document', `<ClinicalDocument xmlns="urn:hl7-org:v3">${PRINTER}</ClinicalDocument>`, {}],
    ['what is told through a proxy', device(PRINTER), { target: 'http://printer.example/d.xml' }],
  ])('is not seen in %s', (_, body, options) => expect(said(body, options)).toEqual([]))

  test('never makes a value that is long or of several lines', () => {
    const facts = said(device(element('modelName', `a\n\u0007${'x'.repeat(500)}`)))
    expect(facts[0].length).toBeLessThanOrEqual(262)
    expect(facts[0]).toMatch(/^model a x+$/)
  })
})
