import { describe, expect, test } from 'vitest'
import { LinkType } from '../../src/capture/source.ts'
import { Bench, ipv4, ipv6, tcp, udp } from './packets.ts'

type Vector = readonly [protocol: number, source: string, target: string, sourcePort: number, targetPort: number, id: string]

/** The baseline of the Community ID specification (corelight/community-id-spec, baseline_deflt.json); for ICMP type and counterpart or code. */
const TRANSPORTS: readonly Vector[] = [
  [6, '2001:470:e5bf:dead:4957:2174:e82c:4887', '2607:f8b0:400c:c03::1a', 63943, 25, '1:/qFaeAR+gFe1KYjMzVDsMv+wgU4='],
  [6, '2607:f8b0:400c:c03::1a', '2001:470:e5bf:dead:4957:2174:e82c:4887', 25, 63943, '1:/qFaeAR+gFe1KYjMzVDsMv+wgU4='],
  [132, '192.168.170.8', '192.168.170.56', 7, 7, '1:MP2EtRCAUIZvTw6MxJHLV7N7JDs='],
  [132, '192.168.170.56', '192.168.170.8', 7, 7, '1:MP2EtRCAUIZvTw6MxJHLV7N7JDs='],
  [6, '128.232.110.120', '66.35.250.204', 34855, 80, '1:LQU9qZlK+B5F3KDmev6m5PMibrg='],
  [6, '66.35.250.204', '128.232.110.120', 80, 34855, '1:LQU9qZlK+B5F3KDmev6m5PMibrg='],
  [17, '192.168.1.52', '8.8.8.8', 54585, 53, '1:d/FP5EW3wiY1vCndhwleRRKHowQ='],
  [17, '8.8.8.8', '192.168.1.52', 53, 54585, '1:d/FP5EW3wiY1vCndhwleRRKHowQ='],
  [46, '10.1.12.1', '10.1.12.2', 0, 0, '1:KHlLkgoJW7ifUTyTSgyVfkFHzKw='],
  [46, '10.1.12.2', '10.1.12.1', 0, 0, '1:KHlLkgoJW7ifUTyTSgyVfkFHzKw='],
]

const ICMP: readonly Vector[] = [
  [58, 'fe80::200:86ff:fe05:80da', 'fe80::260:97ff:fe07:69ea', 135, 0, '1:dGHyGvjMfljg6Bppwm3bg0LO8TY='],
  [58, 'fe80::260:97ff:fe07:69ea', 'fe80::200:86ff:fe05:80da', 136, 0, '1:dGHyGvjMfljg6Bppwm3bg0LO8TY='],
  [58, 'fe80::260:97ff:fe07:69ea', 'fe80::200:86ff:fe05:80da', 135, 0, '1:zavyT/cezQr1fmImYCwYnMXbgck='],
  [58, 'fe80::200:86ff:fe05:80da', 'fe80::260:97ff:fe07:69ea', 136, 0, '1:zavyT/cezQr1fmImYCwYnMXbgck='],
  [58, '3ffe:501:1800:2345::2', '3ffe:507:0:1:200:86ff:fe05:80da', 3, 0, '1:2ObVBgIn28oZvibYZhZMBgh7WdQ='],
  [58, '3ffe:501:410:0:2c0:dfff:fe47:33e', '3ffe:507:0:1:200:86ff:fe05:80da', 1, 4, '1:hLZd0XGWojozrvxqE0dWB1iM6R0='],
  [58, '3ffe:507:0:1:200:86ff:fe05:80da', '3ffe:501:0:1001::2', 128, 0, '1:+TW+HtLHvV1xnGhV1lv7XoJrqQg='],
  [58, '3ffe:501:0:1001::2', '3ffe:507:0:1:200:86ff:fe05:80da', 129, 0, '1:+TW+HtLHvV1xnGhV1lv7XoJrqQg='],
  [58, 'fe80::200:86ff:fe05:80da', 'ff02::2', 133, 0, '1:hO+sN4H+MG5MY/8hIrXPqc4ZQz0='],
  [58, 'fe80::260:97ff:fe07:69ea', 'ff02::1', 134, 0, '1:pkvHqCL88/tg1k4cPigmZXUtL00='],
  [1, '192.168.0.89', '192.168.0.1', 8, 0, '1:X0snYXpgwiv9TZtqg64sgzUn6Dk='],
  [1, '192.168.0.1', '192.168.0.89', 0, 0, '1:X0snYXpgwiv9TZtqg64sgzUn6Dk='],
  [1, '10.0.0.1', '10.0.0.2', 11, 0, '1:YHxtAirCG//0OzkcVAukqKQN9xM='],
]

function communityId(payload: Buffer, protocol: number, source: string, target: string): string {
  const packet = source.includes(':') ? ipv6(payload, protocol, source, target) : ipv4(payload, { source, target, protocol })
  return new Bench().seeOn(LinkType.RAW, packet).flows[0].communityId
}

describe('Community ID', () => {
  test.each(TRANSPORTS)('of protocol %i from %s to %s, ports %i and %i is %s', (protocol, source, target, sourcePort, targetPort, id) => {
    const payload = protocol === 6 ? tcp(undefined, { sourcePort, targetPort }) : udp(Buffer.from('x'), sourcePort, targetPort)
    expect(communityId(payload, protocol, source, target)).toBe(id)
  })

  test.each(ICMP)('of ICMP (%i) from %s to %s, type %i, code %i is %s', (protocol, source, target, type, code, id) => {
    expect(communityId(Buffer.from([type, code, 0, 0, 0, 1, 0, 1]), protocol, source, target)).toBe(id)
  })

  test('is the same for both directions of a flow', () => {
    const bench = new Bench().seeOn(
      LinkType.RAW,
      ipv4(udp(Buffer.from('question'), 5000, 53), { protocol: 17 }),
      ipv4(udp(Buffer.from('answer'), 53, 5000), { protocol: 17, source: '10.0.0.2', target: '10.0.0.1' }),
    )
    expect(bench.flows).toHaveLength(1)
    expect(bench.flows[0]).toMatchObject({ packetsFromClient: 1, packetsFromServer: 1 })
  })
})
