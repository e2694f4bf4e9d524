import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openCaptureFile } from '../../src/capture/file.ts'
import { TSHARK_IS_MISSING } from '../oracle/tshark.ts'
import { Bench } from './packets.ts'

const SHARED = join(import.meta.dirname, '..', '..', '..', 'shared', 'captures')
const CAPTURES = [
  'zeek/erspanI.pcap',
  'zeek/erspanIII.pcap',
  'zeek/ipv6-hbh-routing0.pcap',
  'zeek/ipv6-http-atomic-frag.pcap',
  'zeek/ipv6_zero_len_ah.pcap',
  'zeek/mixed-vlan-mpls.pcap',
  'zeek/pcapng-multi-interface.pcapng',
  'zeek/tcp/missing-syn.pcap',
  'zeek/tunnels/gre-erspan3-dot1q.pcap',
  'zeek/tunnels/vxlan-encapsulated-http.pcap',
  'zeek/tunnels/vxlan-triple-v2.pcap',
  'zeek/vlan-collisions.pcap',
  'zeek/vlan-pcp-dei.pcapng',
  'zeek/vlan-qinqinq.pcap',
  'suricata-verify/bug-4571-04/ipv6_over_ipv4.pcap',
  'suricata-verify/bug-4571-06/ipv4_over_ipv6.pcap',
  'suricata-verify/decode-erspan-typeI-02/input.pcap',
  'suricata-verify/dns/dns-truncated-rname/poc2.pcap',
  'suricata-verify/output-eve-smb-01/input.pcap',
].filter(name => existsSync(join(SHARED, name)))

/** Community IDs of the innermost packets, by tshark's own computation. */
function tsharkCommunityIds(file: string): ReadonlySet<string> {
  const args = ['--enable-protocol', 'communityid', '-r', file, '-T', 'fields', '-e', 'communityid']
  const text = execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  return new Set(text.split('\n').filter(line => line !== ''))
}

const isPossible = !TSHARK_IS_MISSING && CAPTURES.length > 0

describe.skipIf(!isPossible)('tshark finds the same flows (skipped without tshark or the shared captures)', () => {
  test.each(CAPTURES)('in %s', async name => {
    const file = join(SHARED, name)
    const bench = new Bench()
    expect(await openCaptureFile(file).run(bench.stage, new AbortController().signal, () => undefined)).toEqual({ kind: 'complete' })
    expect(new Set(bench.flows.map(({ communityId }) => communityId))).toEqual(tsharkCommunityIds(file))
  })
})
