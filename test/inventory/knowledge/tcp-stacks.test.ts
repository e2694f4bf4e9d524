import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { factsOf } from '../../../src/inventory/facts.ts'
import { stackOf } from '../../../src/inventory/knowledge/tcp-stacks.ts'
import type { Flow } from '../../../src/net/flow.ts'
import type { SynTraits } from '../../../src/net/syn.ts'
import type { IdentityAttribute, IdentityProtocol } from '../../../src/protocols/observation.ts'
import { replayThrough } from '../../net/replayed.ts'
import { type Statement, statementsOf } from '../../protocols/statements.ts'

const syn = (ttl: number, options: string, window = 64_240, windowScale: number | undefined = 8): SynTraits => ({
  ttl,
  window,
  windowScale,
  options,
})

describe('stackOf', () => {
  test.each([
    ['Windows Vista or later', syn(128, '2,1,3,1,1,4'), 0],
    ['Windows Vista or later', syn(125, '2,1,3,1,1,4', 8192, 2), 3],
    ['Windows 2000, XP or Server 2003', syn(128, '2,1,1,4', 16_384, undefined), 0],
    ['Linux', syn(64, '2,4,8,1,3', 29_200, 7), 0],
    ['Linux', syn(57, '2,4,8,1,3', 65_495, 10), 7],
    ['Linux', syn(64, '2,1,1,4,1,3'), 0],
    ['Darwin', syn(64, '2,1,3,1,1,8,4,0', 65_535, 5), 0],
  ])('%s, %o', (name, traits, hops) => {
    expect(stackOf(traits)).toMatchObject({ name, hops, row: expect.stringMatching(/^tcp-syn:\d+:[\d,]+ \(.+\)$/) })
  })

  test.each([
    ['the order of Linux with the time to live of Windows', syn(128, '2,4,8,1,3')],
    ['the order of Windows with the time to live of Linux', syn(64, '2,1,3,1,1,4')],
    ['the order of Linux behind too many routers, or from one', syn(32, '2,4,8,1,3')],
    ['a window scale that Windows does not choose by itself', syn(128, '2,1,3,1,1,4', 65_535, 0)],
    ['Windows of any age without window scaling', syn(128, '2,1,1,4', 64_240, undefined)],
    ['a half-open scan of nmap', syn(47, '2', 1024, undefined)],
    ['no options', syn(64, '', 8192, undefined)],
  ])('says nothing of %s', (_name, traits) => {
    expect(stackOf(traits)).toBeUndefined()
  })
})

const SHARED = join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'captures')

/** What else a host may say that agrees with how it opens connections. */
const AGREES: Readonly<Record<string, RegExp>> = {
  'Windows 2000, XP or Server 2003': /^Windows(?: 2000| XP| Server 2003|$)/,
  'Windows Vista or later': /^Windows(?: Vista| [78]| 1\d| Server 20(?:08|1\d|2\d)|$)/,
  Linux: /^(?:Linux|Unix|Debian|Ubuntu)/,
  Darwin: /^(?:Mac OS X|Unix)/,
}
/** User agents that are not true: of a tool for tests, and of malware. */
const PRETENCES = [
  'suricata-verify/ethernet-eve/test.pcap 192.168.118.10: Windows Vista or later, Windows XP',
  'suricata-verify/http-request-invalid/input.pcap 192.168.56.6: Linux, Windows 10 or later',
]

/** Clients of a capture by address, each with the systems that its SYNs show. */
async function stacksIn(file: string): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const found = new Map<string, Set<string>>()
  const nothing = (): void => undefined
  const ended = ({ clientSyn, clientAddress }: Flow): void => {
    const stack = clientSyn && stackOf(clientSyn)
    if (stack !== undefined) found.set(clientAddress, (found.get(clientAddress) ?? new Set()).add(stack.name))
  }
  await replayThrough(file, { opened: nothing, data: nothing, gap: nothing, halfClosed: nothing, datagram: nothing, ended })
  return found
}

function systemsAt(address: string, statements: readonly Statement[]): ReadonlySet<string> {
  const facts = statements
    .filter(statement => statement.address === address)
    .flatMap(({ attribute, value, protocol, field }) => factsOf(attribute as IdentityAttribute, value, protocol as IdentityProtocol, field))
  return new Set(facts.flatMap(fact => (fact.attribute === 'os' ? [fact.value ?? fact.raw] : [])))
}

describe.skipIf(!existsSync(SHARED))('hosts of public captures (skipped where they are not at hand)', () => {
  test('open connections like the systems that they name elsewhere, and each like one', async () => {
    let agreeing = 0
    const disagreeing: string[] = []
    for (const file of readdirSync(SHARED, { recursive: true, encoding: 'utf8' }).filter(name => /\.pcap(?:ng)?$/.test(name))) {
      const stacks = await stacksIn(join(SHARED, file))
      const statements = stacks.size === 0 ? [] : await statementsOf(join(SHARED, file))
      for (const [address, names] of stacks) {
        expect([...names], `${file} ${address}`).toHaveLength(1)
        const [name] = names
        for (const system of systemsAt(address, statements)) {
          if (AGREES[name].test(system)) agreeing++
          else disagreeing.push(`${file} ${address}: ${name}, ${system}`)
        }
      }
    }
    expect(disagreeing.sort()).toEqual(PRETENCES)
    expect(agreeing).toBeGreaterThanOrEqual(25)
  })
})
