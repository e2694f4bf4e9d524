import { describe, expect, test } from 'vitest'
import { mdns } from '../../../src/protocols/mdns/index.ts'
import { bytes, facts, hear, ip, truncations, word } from '../datagrams.ts'

const name = (text: string): Buffer => bytes(...text.split('.').flatMap(label => [label.length, label]), 0)
const record = (owner: string, type: number, data: Uint8Array): Buffer => bytes(name(owner), word(type, 0x8001, 0, 120, data.length), data)
const a = (owner: string, address: string): Buffer => record(owner, 1, ip(address))
const text = (...strings: readonly string[]): Buffer => bytes(...strings.flatMap(string => [string.length, string]))
const response = (...answers: readonly Uint8Array[]): Buffer => bytes(word(0, 0x8400, 0, answers.length, 0, 0), ...answers)
const listen = (payload: Uint8Array) => hear(mdns(), payload, { serverAddress: '224.0.0.251' })

describe('mDNS', () => {
  test('the sender by its address record', () => {
    const heard = listen(response(a('Ultrasound-3.local', '10.0.0.5')))
    expect(heard.identities[0]?.subject).toEqual({ mac: '02-00-00-00-00-05', address: '10.0.0.5' })
    expect(facts(heard)).toEqual(['hostname: Ultrasound-3 [host name]'])
  })

  test('records of the other family do not speak against the sender', () => {
    const ipv6 = record('ct.local', 28, Buffer.from('fe800000000000000000000000000005', 'hex'))
    expect(listen(response(ipv6)).identities[0]?.subject.address).toBe('10.0.0.5')
  })

  test('a reflector passes on what another host said', () => {
    const heard = listen(response(a('ct.local', '10.7.0.9'), record('_http._tcp.local', 12, name('CT._http._tcp.local'))))
    expect(heard.identities.map(({ subject }) => subject)).toEqual([
      { mac: undefined, address: '10.7.0.9' },
      { mac: undefined, address: '10.7.0.9' },
    ])
  })

  test('of several hosts in one message only the names are told', () => {
    const heard = listen(response(a('one.local', '10.0.0.5'), a('two.local', '10.0.0.6'), record('_http._tcp.local', 12, name('x.local'))))
    expect(heard.identities.map(({ subject, facts: said }) => [subject.address, said.map(({ value }) => value)])).toEqual([
      ['10.0.0.5', ['one']],
      ['10.0.0.6', ['two']],
    ])
  })

  test('services and what their texts say of the device', () => {
    const heard = listen(
      response(
        record('_services._dns-sd._udp.local', 12, name('_ipp._tcp.local')),
        record('Printer of Ann._pdl-datastream._tcp.local', 33, bytes(word(0, 0, 9100), name('p.local'))),
        record(
          'Printer of Ann._ipp._tcp.local',
          16,
          text('txtvers=1', 'ty=HP LaserJet 400', 'usb_MFG=HP', 'usb_MDL=LaserJet 400', 'note=Room 5'),
        ),
        record('mac._device-info._tcp.local', 16, text('model=MacBookPro11,3', 'osxvers=17')),
        record('p.local', 13, text('X86_64', 'LINUX')),
      ),
    )
    expect(facts(heard)).toEqual([
      'service: _ipp._tcp [service type]',
      'service: _pdl-datastream._tcp [service type]',
      'model: HP LaserJet 400 [TXT ty]',
      'manufacturer: HP [TXT usb_MFG]',
      'model: LaserJet 400 [TXT usb_MDL]',
      'location: Room 5 [TXT note]',
      'model: MacBookPro11,3 [TXT model]',
      'system_description: osxvers=17 [TXT osxvers]',
      'system_description: LINUX [HINFO OS]',
    ])
    expect(JSON.stringify(heard)).not.toContain('Ann')
  })

  test('a DICOM node by the name of its service, and by its text', () => {
    const heard = listen(
      response(
        record('HOROS_RAD1._dicom._tcp.local', 33, bytes(word(0, 0, 11112), name('mac.local'))),
        record('Archive._dicom-tls._tcp.local', 16, text('AET=ARCHIVE', 'PrimaryDeviceType=ARCHIVE')),
        record('A name that is far too long._dicom._tcp.local', 33, bytes(word(0, 0, 104), name('mac.local'))),
      ),
    )
    expect(facts(heard)).toEqual([
      'service: _dicom._tcp [service type]',
      'ae_title: HOROS_RAD1 [service instance]',
      'service: _dicom-tls._tcp [service type]',
      'ae_title: ARCHIVE [TXT AET]',
      'modality: ARCHIVE [TXT PrimaryDeviceType]',
    ])
  })

  test('questions, with the answers that who asks knows already, tell nothing', () => {
    const question = bytes(word(0, 0, 1, 1, 0, 0), name('_ipp._tcp.local'), word(12, 1), a('other.local', '10.0.0.5'))
    expect(listen(question)).toEqual({ isOfProtocol: true, identities: [] })
  })

  test('truncated anywhere is none', () => {
    const whole = response(a('ct.local', '10.0.0.5'), record('x._ipp._tcp.local', 16, text('ty=Some printer')))
    for (const { identities } of truncations(whole, listen)) expect(identities).toEqual([])
  })
})
