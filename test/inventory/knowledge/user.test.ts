import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { check } from '../../../src/commands/check.ts'
import { loadUserKnowledge } from '../../../src/inventory/knowledge/user.ts'
import { association, flow, inventory, SECOND, START } from '../samples.ts'

const KNOWLEDGE = `# Our own
implementation_uids:
  - { uid: 1.2.3.4, kind: vendor, name: Acme Imaging }
implementation_versions:
  - { pattern: '^ACME_(.+)$', kind: toolkit, name: Acme toolkit }
ae_titles:
  - { pattern: '^XA\\d+$', manufacturer: Acme Imaging, model: Angio 3, type: angiography }
dhcp_fingerprints:
  - { options: '1,3,6,42', name: Acme OS, version: '7' }
dhcp_vendor_classes:
  - { pattern: '^acme-(\\d+)$', name: Acme OS }
os_builds:
  - { build: 10.0.30000, name: Windows 12 }
oui:
  - { prefix: 00-50-56, organization: Virtual adapters of ours }
`

let folder = ''
const file = (text: string): string => {
  const path = join(folder, 'knowledge.yml')
  writeFileSync(path, text)
  return path
}
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wardwire-knowledge-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a site’s own knowledge', () => {
  test.each([
    ['implementation_class_uid', '1.2.3.4.5', [['manufacturer', 'Acme Imaging', 'implementation_uids: knowledge.yml:3']]],
    ['implementation_class_uid', '1.2.3.45', []],
    ['implementation_version', 'ACME_9', [['toolkit', 'Acme toolkit', 'implementation_versions: knowledge.yml:5']]],
    [
      'ae_title',
      'XA01',
      [
        ['manufacturer', 'Acme Imaging', 'ae_titles: knowledge.yml:7'],
        ['model', 'Angio 3', 'ae_titles: knowledge.yml:7'],
        ['type_hint', 'angiography', 'ae_titles: knowledge.yml:7'],
      ],
    ],
    [
      'dhcp_fingerprint',
      '1,3,6,42',
      [
        ['os', 'Acme OS', 'dhcp_fingerprints: knowledge.yml:9'],
        ['os_version', '7', 'dhcp_fingerprints: knowledge.yml:9'],
      ],
    ],
    [
      'vendor_class',
      'acme-12',
      [
        ['os', 'Acme OS', 'dhcp_vendor_classes: knowledge.yml:11'],
        ['os_version', '12', 'dhcp_vendor_classes: knowledge.yml:11'],
      ],
    ],
    [
      'os_build',
      '10.0.30000',
      [
        ['os', 'Windows 12', 'os_builds: knowledge.yml:13'],
        ['os_version', '10.0.30000', 'os_builds: knowledge.yml:13'],
      ],
    ],
    ['mac', '00-50-56-00-00-01', [['nic_vendor', 'Virtual adapters of ours', 'oui: knowledge.yml:15']]],
  ])('%s %s', (attribute, raw, facts) => {
    const found = loadUserKnowledge(file(KNOWLEDGE)).implied(attribute, raw)
    expect(found.map(fact => [fact.attribute, fact.value, fact.table])).toEqual(facts)
  })

  test('is what the example file shows', () => {
    const knowledge = loadUserKnowledge(join(import.meta.dirname, '..', '..', '..', 'config', 'knowledge.example.yml'))
    expect(knowledge.implied('ae_title', 'US_LOGIQ_2')[0]).toMatchObject({ attribute: 'manufacturer', value: 'GE HealthCare' })
    expect(knowledge.implied('ae_title', 'US_LOGIQ_2')[0].table).toMatch(/^ae_titles: knowledge\.example\.yml:\d+$/)
    expect(knowledge.implied('http_title', 'Acme Pump Manager').map(({ attribute, value }) => [attribute, value])).toEqual([
      ['manufacturer', 'Acme Infusion'],
      ['model', 'Pump Manager'],
    ])
    expect(knowledge.implied('certificate_subject', 'CN=acme-7, O=Acme Imaging')).toHaveLength(2)
    expect(knowledge.rows).toBe(12)
  })

  test('is what the inventory goes by, and the row is named', () => {
    const { inventory: devices } = inventory({ knowledge_file: file(KNOWLEDGE) })
    devices.observe(
      association(flow(), START, { association: { id: 'x', requestedBy: 0, callingAeTitle: 'XA01', calledAeTitle: 'ARCHIVE' } }),
    )
    devices.finish(START + SECOND)
    const device = devices.deviceAt('10.1.0.10')
    expect(device).toMatchObject({ manufacturer: 'Acme Imaging', model: 'Angio 3', type: 'angiography' })
    expect(device?.evidence).toContainEqual(expect.objectContaining({ attribute: 'nic_vendor', table: 'oui: knowledge.yml:15' }))
    expect(device?.evidence).toContainEqual(expect.objectContaining({ attribute: 'model', table: 'ae_titles: knowledge.yml:7' }))
  })

  test.each([
    ['ae_title:\n  - { pattern: x, type: y }\n', 'knowledge.yml:1: ae_title: unknown key "ae_title" — did you mean "ae_titles"?'],
    ['ae_titles:\n  - { pattern: "x" }\n', 'knowledge.yml:2: ae_titles.0'],
    ['ae_titles:\n  - { pattern: "(", type: y }\n', 'knowledge.yml:2: ae_titles.0.pattern: is no regular expression'],
    ['oui:\n  - { prefix: 00-50, organization: y }\n', 'MAC prefix such as 00-1D-45'],
    ['oui: [\n', 'not valid YAML'],
  ])('%j is refused with line and reason, at check and at start', (text, message) => {
    const path = file(text)
    expect(() => loadUserKnowledge(path)).toThrow(
      expect.objectContaining({ code: 'knowledge_invalid', message: expect.stringContaining(message) }),
    )
    expect(() => inventory({ knowledge_file: path })).toThrow(expect.objectContaining({ code: 'knowledge_invalid' }))
    const config = join(folder, 'wardwire.yml')
    writeFileSync(config, `inventory: { knowledge_file: ${path} }`)
    expect(() => check(config)).toThrow(expect.objectContaining({ code: 'knowledge_invalid' }))
  })
})
