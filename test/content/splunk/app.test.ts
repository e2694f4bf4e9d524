import { gunzipSync } from 'node:zlib'
import { parseTar } from 'nanotar'
import { describe, expect, test } from 'vitest'
import { ADDON_ID } from '../../../src/content/splunk/addon.ts'
import { splunkPackage } from '../../../src/content/splunk/archive.ts'
import { APP_ID } from '../../../src/content/splunk/dashboard.ts'
import { splunkApps } from '../../../src/content/splunk/index.ts'
import { VERSION } from '../../../src/installation.ts'
import { ADDON, APP, conf, macros, RULES, textOf } from './apps.ts'
import { commands } from './spl/lexer.ts'
import { expandMacros, runSpl } from './spl/pipeline.ts'
import { list } from './spl/row.ts'
import { emptyWorld, splWorld } from './world.ts'

const context = { version: VERSION, rules: RULES }

describe('packages', () => {
  const packed = splunkApps.build(context)

  test('are named after app and version', () => {
    expect(packed.map(({ path }) => path)).toEqual([`splunk/${ADDON_ID}-${VERSION}.spl`, `splunk/${APP_ID}-${VERSION}.spl`])
  })

  test('have the same bytes every time', () => {
    expect(splunkApps.build(context).map(({ content }) => content)).toEqual(packed.map(({ content }) => content))
  })

  test('hold one folder, in order, without times, owners and programs', () => {
    for (const [index, app] of [ADDON_ID, APP_ID].entries()) {
      const { buffer } = new Uint8Array(gunzipSync(packed[index].content))
      const entries = parseTar(buffer)
      expect(entries.length).toBeGreaterThan(10)
      for (const { name, type, attrs } of entries) {
        expect(name).toMatch(new RegExp(`^${app}/`))
        expect(name).not.toMatch(/\/(local|bin|\.[^/]*)(\/|$)|local\.meta|indexes\.conf/)
        expect(attrs).toMatchObject({ mtime: 0, uid: 0, gid: 0, user: 'root', mode: type === 'directory' ? '0000755' : '0000644' })
      }
      const files = entries.filter(({ type }) => type === 'file').map(({ name }) => name)
      expect(files).toEqual([...files].sort())
    }
  })

  test('end as a tar archive ends, whatever their size', () => {
    const tar = gunzipSync(splunkPackage('a', [{ path: 'b', content: 'x'.repeat(10_240 - 3 * 512) }]))
    expect(tar.subarray(-1024).every(byte => byte === 0)).toBe(true)
  })

  test('refuse a path that the format cannot hold', () => {
    expect(() => splunkPackage('a', [{ path: 'b'.repeat(100), content: '' }])).toThrow(RangeError)
  })
})

describe('searches', () => {
  const searches = conf(APP, 'savedsearches')
  const known = { ...macros(), ...Object.fromEntries(Object.keys(conf(APP, 'macros')).map(name => [name.replace(/\(\d\)$/, ''), ''])) }

  test('every rule is there, disabled, with annotations, and the inventory is kept', () => {
    const rules = Object.entries(searches).filter(([name]) => name.endsWith(' - Rule'))
    expect(rules).toHaveLength(RULES.length + 1)
    for (const [name, settings] of rules) expect(settings, name).toMatchObject({ disabled: '1', enableSched: '0', 'alert.suppress': '1' })
    for (const [name, settings] of Object.entries(searches))
      if (!name.endsWith(' - Rule')) expect(settings, name).toMatchObject({ enableSched: '1' })
  })

  test('every macro and lookup is defined', () => {
    const lookups = [...Object.keys(conf(APP, 'transforms')), ...Object.keys(conf(ADDON, 'transforms'))]
    const all = [...Object.values(searches), ...Object.values(conf(APP, 'checklist'))].map(({ search }) => search)
    for (const search of all) {
      for (const [, name] of search.matchAll(/`(\w+)(?:\([^`]*\))?`/g)) expect(Object.keys(known), search).toContain(name)
      for (const command of commands(search)) {
        const [, name] = /^(?:lookup|inputlookup|outputlookup)\s+(?:\w+=\S+\s+)*(\w+)/.exec(command) ?? []
        if (name !== undefined) expect(lookups).toContain(name)
      }
    }
  })

  test('keep the inventory: devices by id, with what is known of them', () => {
    const devices = splWorld().lookups['wardwire_devices']
    expect(devices.length).toBeGreaterThan(15)
    const scanner = devices.find(({ name }) => name === 'ct01')
    expect(scanner).toMatchObject({
      manufacturer: 'Siemens Healthineers',
      model: 'SOMATOM Definition AS',
      device_type: 'CT',
      status: 'active',
    })
    const { fields_list: fields } = conf(APP, 'transforms')['wardwire_devices']
    for (const device of devices) for (const field of Object.keys(device)) expect(fields.split(', ')).toContain(field)
  })

  test('keep the id that stays when two turn out to be one device, and put the other out of use', () => {
    const merges = splWorld().events.filter(event => event['event.action'] === 'device-merged')
    expect(merges.length).toBeGreaterThan(0)
    const statusOf = (id: unknown): unknown => splWorld().lookups['wardwire_devices'].find(device => device['device_id'] === id)?.['status']
    for (const event of merges) {
      expect(statusOf(event['host.id'])).toBe('active')
      expect(statusOf(event['wardwire.change.before'])).toBe('merged')
    }
  })

  test('keep what the asset list says of a device, and give it to Enterprise Security', () => {
    const [event] = splWorld().events.filter(({ 'event.action': action }) => action === 'device-discovered')
    const said = { owner: 'Ada', location: 'Room 1', department: 'Radiology', criticality: 'Critical' }
    const listed = Object.fromEntries(Object.entries(said).map(([name, value]) => [`wardwire.device.${name}`, value]))
    const world = { ...emptyWorld(), events: [{ ...event, ...listed }] }
    for (const name of ['Device Inventory', 'Asset Register']) runSpl(searches[`Wardwire - ${name} - Lookup Gen`].search, world, '-25h@h')
    expect(world.lookups['wardwire_devices']).toMatchObject([said])
    expect(world.lookups['wardwire_assets']).toMatchObject([
      { owner: 'Ada', location: 'Room 1', bunit: 'Radiology', priority: 'critical', asset_criticality: 'Critical' },
    ])
  })

  test('keep matches with vulnerabilities until they are resolved and forgotten', () => {
    const known = splWorld().lookups['wardwire_vulnerabilities']
    expect(known.length).toBeGreaterThan(2)
    expect(known[0]).toMatchObject({ status: 'open', severity: expect.stringMatching(/^(critical|high|medium|low)$/) })
    const [first, ...others] = known
    const world = {
      ...splWorld(),
      lookups: { ...splWorld().lookups, wardwire_vulnerabilities: [{ ...first, status: 'resolved' }, ...others] },
    }
    runSpl(searches['Wardwire - Vulnerabilities - Retention'].search, world)
    expect(world.lookups['wardwire_vulnerabilities']).toHaveLength(known.length)
    runSpl(searches['Wardwire - Vulnerabilities - Retention'].search, { ...world, now: world.now + 91 * 86_400 })
    expect(world.lookups['wardwire_vulnerabilities']).toHaveLength(others.length)
  })

  test('register assets under the header of Enterprise Security and OT Security', () => {
    const assets = splWorld().lookups['wardwire_assets']
    const { fields_list: fields } = conf(APP, 'transforms')['wardwire_assets']
    expect(assets).toHaveLength(splWorld().lookups['wardwire_devices'].filter(({ status }) => status !== 'merged').length)
    for (const asset of assets) {
      expect(Object.keys(asset).sort()).toEqual(fields.split(', ').sort())
      expect(String(asset['category'])).toMatch(/^ot\|/)
      expect(['low', 'medium', 'high', 'critical']).toContain(asset['priority'])
    }
    expect(assets.find(({ nt_host: name }) => name === 'ct01')).toMatchObject({
      mac: '88:4b:39:10:22:01',
      asset_type: 'CT',
      asset_vendor: 'Siemens Healthineers',
      asset_system: 'imaging',
    })
  })

  test('forget devices that nothing was heard of', () => {
    const world = { ...splWorld(), lookups: { ...splWorld().lookups }, now: splWorld().now + 91 * 86_400 }
    runSpl(searches['Wardwire - Device Inventory - Retention'].search, world)
    expect(world.lookups['wardwire_devices']).toEqual([])
    expect(splWorld().lookups['wardwire_devices'].length).toBeGreaterThan(0)
  })
})

describe('health checks', () => {
  const checks = Object.entries(conf(APP, 'checklist')).filter(([, { search }]) => !/tstats|eventtype/.test(search))

  test.each(checks)('%s says well or not', (_, { search }) => {
    const plain = search.replaceAll(/ earliest=-\d+h/g, '')
    for (const world of [splWorld(), emptyWorld()])
      for (const row of runSpl(plain, world).rows) expect([0, 2, 3]).toContain(list(row['severity_level'])[0])
  })
})

test('pages, links and workflow actions lead to pages that are there', () => {
  const views = [...APP.keys()].flatMap(path => /views\/(\w+)\.xml$/.exec(path)?.[1] ?? [])
  const linked = [...textOf(APP, 'default/data/ui/nav/default.xml').matchAll(/name="(wardwire_\w+)"/g)].map(([, name]) => name)
  expect(linked.sort()).toEqual(views.sort())
  for (const { 'link.uri': uri, 'search.search_string': search } of Object.values(conf(APP, 'workflow_actions'))) {
    if (uri !== undefined) expect(views).toContain(/^\/app\/wardwire\/(\w+)\?/.exec(uri)?.[1])
    else expect(expandMacros(search, macros())).toContain('index=wardwire')
  }
})

test('stories name searches that are there', () => {
  const stories = conf(APP, 'analyticstories')
  const names = Object.keys(conf(APP, 'savedsearches'))
  for (const [stanza, { searches }] of Object.entries(stories))
    if (stanza.startsWith('analytic_story://')) for (const name of JSON.parse(searches) as string[]) expect(names).toContain(name)
    else expect(names).toContain(stanza.slice('savedsearch://'.length))
})
