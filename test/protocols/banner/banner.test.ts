import { describe, expect, test } from 'vitest'
import type { Direction } from '../../../src/net/flow.ts'
import { ftp, smtp, ssh, telnet } from '../../../src/protocols/banner/index.ts'
import type { Protocol } from '../../../src/protocols/decoder.ts'
import type { DeviceIdentity } from '../../../src/protocols/observation.ts'
import { sampleFlow } from '../../normalize/samples.ts'
import { bytes, hex } from '../datagrams.ts'

type Step = readonly [direction: Direction, content: Uint8Array | string]

function converse(protocol: Protocol, steps: readonly Step[], pieces = 0): readonly DeviceIdentity[] {
  const seen: DeviceIdentity[] = []
  const session = protocol.open({ flow: sampleFlow(), emit: one => seen.push(one as DeviceIdentity), pseudonym: () => '' })
  steps.forEach(([direction, content], index) => {
    const data = bytes('.', content)
    const size = pieces || data.length
    for (let at = 1; at < data.length; at += size) session.data(direction, data, at, Math.min(size, data.length - at), 1000 + index)
  })
  session.end('closed', 2000)
  return seen
}

const facts = (protocol: Protocol, steps: readonly Step[]): readonly string[] => {
  const whole = converse(protocol, steps)
  for (const pieces of [1, 2, 5]) expect(converse(protocol, steps, pieces)).toEqual(whole)
  return whole.flatMap(({ about, facts: said }) => said.map(({ attribute, value }) => `${about} ${attribute}: ${value}`))
}

const probe = (protocol: Protocol, content: Uint8Array | string, direction: Direction, serverPort = 5000, midstream = false): string =>
  protocol.probe(direction, bytes('.', content), 1, bytes(content).length, midstream, sampleFlow({ serverPort }))

describe('SSH', () => {
  test('both sides identify themselves', () => {
    const steps: readonly Step[] = [
      [1, bytes('SSH-2.0-OpenSSH_7.6p1 Ubuntu-4ubuntu0.3\r\n', 0, 0, 1, 2)],
      [0, 'SSH-2.0-PuTTY_Release_0.72\r\n'],
    ]
    expect(facts(ssh(), steps)).toEqual([
      'server banner: OpenSSH_7.6p1 Ubuntu-4ubuntu0.3',
      'server service: ssh',
      'client banner: PuTTY_Release_0.72',
    ])
  })

  test('a line without end, and one side that speaks otherwise, tell nothing', () => {
    expect(
      facts(ssh(), [
        [1, `SSH-2.0-${'x'.repeat(3000)}`],
        [0, 'hello\r\n'],
      ]),
    ).toEqual([])
  })

  test('is told by its first four bytes', () => {
    expect(['', 'S', 'SSH', 'SSH-', 'SMTP'].map(text => probe(ssh(), text, 1))).toEqual(['more', 'more', 'more', 'match', 'reject'])
    expect(probe(ssh(), 'SSH-2.0-x\r\n', 0, 22, true)).toBe('reject')
  })
})

describe('greetings', () => {
  test('of FTP, in one line and in several', () => {
    expect(
      facts(ftp(), [
        [1, '220 VxWorks FTP server (VxWorks 5.4.2) ready.\r\n'],
        [0, 'USER anna\r\n'],
      ]),
    ).toEqual(['server service: ftp', 'server banner: VxWorks FTP server (VxWorks 5.4.2) ready.'])
    const lines: readonly Step[] = [[1, '220-Welcome\r\n220-to the archive\r\n not for you\r\n220 FTP ready\r\n331 Password for anna\r\n']]
    expect(facts(ftp(), lines)).toEqual(['server service: ftp', 'server banner: Welcome to the archive not for you FTP ready'])
  })

  test('of SMTP', () => {
    expect(
      facts(smtp(), [
        [1, '220 mail.hospital.example ESMTP Postfix (Debian/GNU)\r\n'],
        [0, 'EHLO x\r\n'],
      ]),
    ).toEqual(['server service: smtp', 'server banner: mail.hospital.example ESMTP Postfix (Debian/GNU)'])
  })

  test('that were interrupted end where the client speaks', () => {
    expect(
      facts(ftp(), [
        [1, '220-Welcome\r\n'],
        [0, 'USER anna\r\n'],
        [1, '331 anna?\r\n'],
      ]),
    ).toEqual(['server service: ftp', 'server banner: Welcome'])
  })

  test.each([
    ['the word', '220 ProFTPD 1.3 Server\r\n', 5000, 'match', 'reject'],
    ['the other word', '220 x ESMTP\r\n', 5000, 'reject', 'match'],
    ['the port', '220 ready\r\n', 21, 'match', 'reject'],
    ['the other port', '220 ready\r\n', 25, 'reject', 'match'],
    ['neither', '220 ready\r\n', 5000, 'reject', 'reject'],
    ['a line that is not over', '220 FTP', 5000, 'more', 'more'],
    ['a line that never ends', `220 FTP${'x'.repeat(600)}`, 5000, 'reject', 'reject'],
    ['another code', '421 FTP\r\n', 21, 'reject', 'reject'],
    ['four digits', '2200 FTP\r\n', 21, 'reject', 'reject'],
  ] as const)('are told by %s', (_, text, port, asFtp, asSmtp) => {
    expect([probe(ftp(), text, 1, port), probe(smtp(), text, 1, port)]).toEqual([asFtp, asSmtp])
    expect(probe(ftp(), text, 0, port)).toBe('reject')
  })
})

describe('Telnet', () => {
  const NEGOTIATION = hex('fffd18 fffd20 fffb03 fffa1801fff0')

  test('the banner ends at the prompt, and nobody’s name is in it', () => {
    const steps: readonly Step[] = [
      [1, NEGOTIATION],
      [0, hex('fffc18')],
      [1, bytes('\r\nVxWorks ', hex('fffb01'), 'pump 7\r\n\r\npump login: ')],
      [0, 'anna\r\n'],
      [1, 'anna\r\nPassword: '],
    ]
    expect(facts(telnet(), steps)).toEqual(['server service: telnet', 'server banner: VxWorks pump 7'])
  })

  test('the banner ends where the client types', () => {
    expect(
      facts(telnet(), [
        [1, bytes(NEGOTIATION, 'Menu\r\n')],
        [0, '1'],
        [1, '1 anna\r\n'],
      ]),
    ).toEqual(['server service: telnet', 'server banner: Menu'])
  })

  test('a server that only negotiates is a server all the same', () => {
    expect(facts(telnet(), [[1, NEGOTIATION]])).toEqual(['server service: telnet'])
  })

  test('is told by its first command', () => {
    const answers = ['', 'ff', 'fffd', 'fffd18', 'fffdee', 'fff818', 'ffd8ff', '0d0a41'].map(text => probe(telnet(), hex(text), 1))
    expect(answers).toEqual(['more', 'more', 'more', 'match', 'reject', 'reject', 'reject', 'reject'])
  })
})
