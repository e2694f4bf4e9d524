import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Joi from 'joi'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { installSplunk } from '../../../src/commands/splunk-install.ts'
import { verifySplunk } from '../../../src/commands/splunk-verify.ts'
import { Secret } from '../../../src/config/secret.ts'
import { splunkApps } from '../../../src/content/splunk/index.ts'
import { VERSION } from '../../../src/installation.ts'
import { DATASETS } from '../../../src/normalize/event.ts'
import { type SplunkHecSettings, splunkHecSchema } from '../../../src/outputs/splunk-hec/settings.ts'
import { defaultSettings, type Settings } from '../../../src/settings.ts'
import { makeCertificates, removeFolder } from '../../peers/peer.ts'
import { type Scripted, startScripted } from '../scripted-server.ts'
import { APP, RULES, textOf } from './apps.ts'
import { emptySplunk, PASSWORD, type ScriptedSplunk, splunkScript, TOKEN } from './scripted-splunk.ts'

const packages = mkdtempSync(join(tmpdir(), 'wardwire-packages-'))
const warnings: string[] = []
const log = { error: () => {}, info: () => {}, debug: () => {}, warn: (message: string) => void warnings.push(message) }
let splunk: ScriptedSplunk
let server: Scripted

beforeAll(async () => {
  writePackages(packages, VERSION)
  server = await startScripted(request => splunkScript(splunk)(request))
})
afterAll(() => {
  server?.close()
  removeFolder(packages)
})
beforeEach(() => {
  splunk = { ...emptySplunk(), searches: ARRIVING }
  splunk.indexes.add('ot')
  server.forget()
  warnings.length = 0
})

/** Packages whose content is of `version`, under the names of this one. */
function writePackages(folder: string, version: string): void {
  for (const { path, content } of splunkApps.build({ version, rules: RULES }))
    writeFileSync(join(folder, path.replace('splunk/', '').replace(version, VERSION)), content)
}

const NOW = Math.floor(Date.now() / 1000)
const ARRIVING: ScriptedSplunk['searches'] = [
  [
    /tstats/,
    [
      { source: 'wardwire.health', sourcetype: 'wardwire:json', count: '1440', latest: String(NOW - 60) },
      { source: 'wardwire.alert', sourcetype: 'otsec:alert', count: '2', latest: String(NOW - 7200) },
      { source: 'udp:514', sourcetype: 'wardwire:cef', count: '9', latest: String(NOW - 120) },
    ],
  ],
  [/as typed/, [{ events: '100', typed: '100' }]],
  [/inputlookup wardwire_devices/, [{ devices: '46' }]],
]

function settings(changes: Partial<Record<'management' | 'output', object>> = {}, url = server.url): Settings {
  const management = { url, token: new Secret(TOKEN), ...changes.management }
  const output = { type: 'splunk-hec', url, token: new Secret('hec-token'), index: 'ot', management, ...changes.output }
  return { ...defaultSettings(), outputs: { splunk: Joi.attempt(output, splunkHecSchema) as SplunkHecSettings } }
}

const install = (options: { dryRun?: boolean; packages?: string } = { packages }) =>
  installSplunk(settings(), { dryRun: false, ...options }, log)
const verify = (changes: Parameters<typeof settings>[0] = {}) => verifySplunk(settings(changes), {}, log)
const writes = (): readonly string[] =>
  server.seen
    .filter(({ method, path }) => method === 'POST' && !/jobs\/export|collector|auth\/login/.test(path))
    .map(({ path }) => path.split('?')[0])
const setLocally = (key: string, change: object): void => void splunk.local.set(key, { ...change })

const MACROS = 'wardwire/configs/conf-macros'
const SEARCHES = 'wardwire/configs/conf-savedsearches'
const PAGES = 'wardwire/data/ui/views'

describe('content install splunk', () => {
  test('has both packages installed, the add-on first, and points the pages to the index; a second run changes nothing', async () => {
    const text = await install()
    for (const line of [
      `created: app TA-wardwire ${VERSION}`,
      'created: event type wardwire_dicom',
      'created: dashboard wardwire_posture',
      `created: saved search Wardwire - ${RULES[0].name} - Rule`,
      'updated: setting macro wardwire_index: index=ot',
    ])
      expect(text.split('\n')).toContain(line)
    expect(writes()).toEqual([
      '/services/apps/local',
      '/services/apps/local',
      '/servicesNS/nobody/wardwire/configs/conf-macros/wardwire_index',
    ])
    const [first, second] = server.seen.filter(({ path, method }) => method === 'POST' && path.startsWith('/services/apps/local'))
    expect(Object.fromEntries(new URLSearchParams(first.text))).toEqual({
      name: `${packages}/TA-wardwire-${VERSION}.spl`,
      filename: 'true',
      update: 'true',
      explicit_appname: 'TA-wardwire',
    })
    expect(second.text).toContain(`wardwire-${VERSION}.spl`)
    expect(splunk.local.get(`${MACROS}/wardwire_index`)).toEqual({ definition: 'index=ot' })
    server.forget()
    expect(await install({})).toMatch(/\n0 created, 0 updated, \d+ unchanged$/)
    expect(writes()).toEqual([])
  })

  test('a dry run says the same beforehand, and changes nothing', async () => {
    const text = await install({ dryRun: true })
    expect(text).toContain(`would be created: app wardwire ${VERSION}\n`)
    expect(text).toContain('would be updated: setting macro wardwire_index: index=ot\n')
    expect(text).toContain('(dry run: nothing was changed)')
    expect(text).toContain('say with --packages where Splunk finds them')
    expect(writes()).toEqual([])
  })

  test('an update keeps what was set or edited in Splunk, and says what', async () => {
    const old = mkdtempSync(join(tmpdir(), 'wardwire-old-'))
    try {
      writePackages(old, '0.0.9')
      await expect(install({ packages: old })).rejects.toMatchObject({
        code: 'content_packages',
        message: expect.stringContaining('TA-wardwire is 0.0.9 after its installation'),
      })
    } finally {
      removeFolder(old)
    }
    setLocally(`${MACROS}/wardwire_index`, { definition: 'index IN (ot, ot_archive)' })
    setLocally(`${MACROS}/wardwire_risk_threshold`, { definition: '150' })
    setLocally(`${PAGES}/wardwire_hl7`, { 'eai:data': '<dashboard>mine</dashboard>' })
    splunk.shipped.set(`${PAGES}/wardwire_dicom`, { 'eai:data': '<dashboard>of 0.0.9</dashboard>' })
    server.forget()
    const text = await install()
    for (const line of [
      `updated: app wardwire ${VERSION} from 0.0.9`,
      'updated: dashboard wardwire_dicom',
      'kept as it is: dashboard wardwire_hl7',
      'unchanged: macro wardwire_risk_threshold',
    ])
      expect(text.split('\n')).toContain(line)
    expect(text).toMatch(/1 kept as it is\nWhat is kept was edited in Splunk/)
    expect(text).not.toContain('setting macro')
    expect(writes()).toEqual(['/services/apps/local', '/services/apps/local'])
    expect(splunk.local.get(`${MACROS}/wardwire_index`)).toEqual({ definition: 'index IN (ot, ot_archive)' })
  })

  test('an app that lost something is installed again', async () => {
    await install()
    splunk.shipped.delete('TA-wardwire/configs/conf-eventtypes/wardwire_hl7')
    server.forget()
    expect(await install()).toContain('created: event type wardwire_hl7\n')
    expect(writes()).toEqual(['/services/apps/local'])
  })

  test('without the packages it says three ways to bring them', async () => {
    await expect(install({})).rejects.toMatchObject({ code: 'content_packages', mend: expect.stringMatching(/--packages.*Splunk Web/) })
    expect(writes()).toEqual([])
  })

  test('a package that is not where it should be is told in the words of Splunk', async () => {
    await expect(install({ packages: '/nowhere/' })).rejects.toMatchObject({
      code: 'content_invalid',
      message: expect.stringContaining(`failed to extract app from /nowhere/TA-wardwire-${VERSION}.spl`),
    })
  })

  test.each([
    ['a cluster of search heads', { server_roles: ['search_head', 'shc_member'] }, 'deployer'],
    ['Splunk Cloud', { server_roles: ['search_head'], instance_type: 'cloud' }, 'acs apps install private'],
  ])('%s takes apps elsewhere, and is told where', async (_, role, words) => {
    splunk.server = role
    await expect(install()).rejects.toMatchObject({ code: 'content_managed', mend: expect.stringContaining(words) })
    expect(writes()).toEqual([])
  })

  test('a cluster that has the apps still gets its setting', async () => {
    await install()
    splunk.local.clear()
    splunk.server = { server_roles: ['search_head', 'shc_captain'] }
    server.forget()
    expect(await install({})).toContain('updated: setting macro wardwire_index: index=ot\n')
    expect(writes()).toEqual(['/servicesNS/nobody/wardwire/configs/conf-macros/wardwire_index'])
  })

  test('says when Splunk asks for a restart', async () => {
    splunk.messages.push('restart_required')
    expect(await install()).toContain('Splunk asks for a restart.')
  })
})

describe('content verify splunk', () => {
  test('all there and data arrives', async () => {
    await install()
    setLocally(`${SEARCHES}/Wardwire - ${RULES[0].name} - Rule`, { disabled: '0', enableSched: '1' })
    setLocally(`${MACROS}/wardwire_risk_threshold`, { definition: '150' })
    server.forget()
    const { ok, text } = await verify()
    expect(text).toContain(`Everything of wardwire ${VERSION} is there, and data arrives.`)
    expect(ok).toBe(true)
    expect(text).toContain(`1 of ${RULES.length + 1} detection rules are enabled.`)
    expect(text).toContain("Set otherwise here, which is the site's to decide: macro wardwire_risk_threshold, macro wardwire_index.")
    expect(text).toContain('The device inventory holds 46 devices.')
    for (const dataset of DATASETS) expect(text).toContain(dataset)
    expect(text).toContain('wardwire:cef (all datasets)')
    expect(text).toContain(new Date((NOW - 60) * 1000).toISOString())
    expect(writes()).toEqual([])
  })

  test('an empty Splunk lacks everything, and is asked nothing but questions', async () => {
    splunk.searches = []
    const { ok, text } = await verify()
    expect(ok).toBe(false)
    for (const line of [
      'missing: app TA-wardwire',
      'missing: app wardwire',
      'missing: dashboard wardwire_posture',
      'missing: KV store collection wardwire_devices',
    ])
      expect(text.split('\n')).toContain(line)
    expect(text).toContain('No sensor has written here yet (wardwire.health)')
    expect(server.seen.find(({ path }) => path.includes('/search/v2/jobs/export'))!.path).toContain('/servicesNS/nobody/search/')
    expect(writes()).toEqual([])
  })

  test('names what drifted', async () => {
    await install()
    splunk.apps.get('TA-wardwire')!.version = '0.0.9'
    splunk.apps.get('wardwire')!.visible = false
    setLocally(`${SEARCHES}/Wardwire - ${RULES[1].name} - Rule`, { search: 'index=nothing' })
    setLocally(`${PAGES}/wardwire_hl7`, { 'eai:data': '<dashboard>mine</dashboard>' })
    setLocally('TA-wardwire/configs/conf-props/source::wardwire.alert', { KV_MODE: 'none' })
    splunk.shipped.delete('wardwire/configs/conf-collections/wardwire_assets')
    const { ok, text } = await verify()
    expect(ok).toBe(false)
    const problems = text.split('\n').slice(-6)
    expect(problems).toEqual([
      `not as shipped: app TA-wardwire is 0.0.9, not ${VERSION}`,
      'hidden: app wardwire is not visible in Splunk Web',
      'not as shipped: field extraction source::wardwire.alert',
      `not as shipped: saved search Wardwire - ${RULES[1].name} - Rule`,
      'missing: KV store collection wardwire_assets',
      'not as shipped: dashboard wardwire_hl7',
    ])
  })

  test('says that an app is disabled', async () => {
    await install()
    splunk.apps.get('TA-wardwire')!.disabled = true
    expect(await verify()).toMatchObject({ ok: false, text: expect.stringContaining('disabled: app TA-wardwire') })
  })

  test('finds an index on the indexers, and says when there is none or the pages look elsewhere', async () => {
    await install()
    splunk.indexes.clear()
    expect(await verify()).toMatchObject({ ok: false, text: expect.stringContaining('missing: index ot') })
    splunk.searches = [[/eventcount/, [{ count: '3' }]], ...ARRIVING]
    expect(await verify()).toMatchObject({ ok: true })
    setLocally(`${MACROS}/wardwire_index`, { definition: 'index=main' })
    expect((await verify()).text).toContain('the macro wardwire_index says index=main, but the output writes to index ot')
    expect(await verify({ output: { index: undefined } })).toMatchObject({ ok: true })
  })

  test('knows the state of the collector without sending it an event', async () => {
    await install()
    splunk.collector = [403, 4]
    expect((await verify()).text).toContain('the token is not valid (403)')
    const { text, headers } = server.seen.find(({ path }) => path.startsWith('/services/collector'))!
    expect(text).toBe('')
    expect(headers.authorization).toBe('Splunk hec-token')
    expect((await verify({ output: { url: 'http://127.0.0.1:1' } })).text).toContain('nothing listens there')
    splunk.collector = [400, 10]
    expect((await verify()).text).toContain('set acknowledge: true')
    expect(server.seen.some(({ headers }) => 'x-splunk-request-channel' in headers)).toBe(false)
  })

  test('says when no sensor is heard of, events are not understood, or the KV store is down', async () => {
    await install()
    splunk.searches = [
      [/tstats/, [{ source: 'wardwire.health', sourcetype: 'wardwire:json', count: '3', latest: String(NOW - 3600) }]],
      [/as typed/, [{ events: '100', typed: '0' }]],
    ]
    const { ok, text } = await verify()
    expect(ok).toBe(false)
    expect(text).toContain('No sensor wrote in the last 15 minutes (wardwire.health)')
    expect(text).toContain('events have no event type of TA-wardwire')
    expect(text).toContain('cannot be read: the device inventory wardwire_devices')
  })

  test('a search that Splunk refuses is told in its words', async () => {
    await install()
    splunk.searches = [[/tstats/, { status: 400, body: { messages: [{ type: 'FATAL', text: "The macro 'x' cannot be found." }] } }]]
    await expect(verify()).rejects.toMatchObject({
      code: 'content_invalid',
      message: expect.stringContaining("The macro 'x' cannot be found."),
    })
    splunk.searches = [[/tstats/, { status: 200, body: '{"messages":[{"type":"FATAL","text":"The KV Store is down."}]}' }]]
    await expect(verify()).rejects.toMatchObject({ message: expect.stringContaining('The KV Store is down.') })
  })
})

describe('the REST API of Splunk', () => {
  test('is asked with a token, or with the session key of a user name and password', async () => {
    await verify()
    expect(server.seen.filter(({ path }) => path.includes('collector')).length).toBe(1)
    expect(new Set(server.seen.filter(({ path }) => !path.includes('collector')).map(({ headers }) => headers.authorization))).toEqual(
      new Set([`Bearer ${TOKEN}`]),
    )
    server.forget()
    await verify({ management: { token: undefined, username: 'admin', password: new Secret(PASSWORD) } })
    expect(server.seen[0]).toMatchObject({ method: 'POST', path: '/services/auth/login?output_mode=json' })
    expect(server.seen[1].headers.authorization).toMatch(/^Splunk [0-9a-f]{32}$/)
    expect(server.seen.every(({ path }) => !path.includes(PASSWORD))).toBe(true)
  })

  test.each([
    ['a token', { token: new Secret('dddd.eeee.ffff') }],
    ['a password', { token: undefined, username: 'admin', password: new Secret('not-it') }],
  ])('%s that is refused is never told', async (_, management) => {
    await expect(verify({ management })).rejects.toMatchObject({
      code: 'content_refused',
      message: expect.not.stringMatching(/dddd|not-it/),
      mend: expect.stringContaining('capabilities'),
    })
  })

  test('is needed in the configuration, with one kind of credentials', async () => {
    const without = { ...defaultSettings(), outputs: settings({ output: { management: undefined } }).outputs }
    await expect(verifySplunk(without, {}, log)).rejects.toMatchObject({ code: 'content_output', mend: expect.stringContaining('8089') })
    await expect(verifySplunk(defaultSettings(), {}, log)).rejects.toMatchObject({ code: 'content_output' })
    expect(() => settings({ management: { token: undefined } })).toThrow(/token, username/)
  })

  test.each([
    ['Splunk Web', { status: 404, body: '<!doctype html><h1>Oops.</h1>' }],
    ['Splunk Web that sends to its login', { status: 303, body: '' }],
    ['another server', { status: 200, body: 'hello' }],
  ])('%s is not it', async (_, answer) => {
    const other = await startScripted(() => answer)
    try {
      await expect(verifySplunk(settings({}, other.url), {}, log)).rejects.toMatchObject({
        code: 'content_unsupported',
        mend: expect.stringContaining('8089'),
      })
    } finally {
      other.close()
    }
  })

  test('that cannot be reached is said to be so', async () => {
    await expect(verify({ management: { url: 'http://127.0.0.1:1' } })).rejects.toMatchObject({
      code: 'content_unreachable',
      message: expect.stringContaining('nothing listens there'),
    })
  })

  test('is trusted by its certificate, unless told otherwise in words, which is warned of', async () => {
    const certificates = mkdtempSync(join(tmpdir(), 'wardwire-certificates-'))
    makeCertificates(certificates)
    const secure = await startScripted(request => splunkScript(splunk)(request), {
      key: readFileSync(join(certificates, 'server.key')),
      cert: readFileSync(join(certificates, 'server.pem')),
    })
    const asked = (tls: object) => verifySplunk(settings({ management: { url: secure.url, tls } }), {}, log)
    try {
      await expect(asked({})).rejects.toMatchObject({ code: 'content_unreachable', message: expect.stringContaining('not trusted') })
      expect(warnings).toEqual([])
      expect(await asked({ ca_file: join(certificates, 'ca.pem') })).toMatchObject({ ok: false })
      expect(await asked({ insecure: true })).toMatchObject({ ok: false })
      expect(warnings).toEqual([expect.stringContaining('the certificate is not verified (outputs.splunk.management.tls.insecure)')])
    } finally {
      secure.close()
      removeFolder(certificates)
    }
  })
})

test('every stanza that people read is compared', () => {
  const compared = [
    'props',
    'transforms',
    'eventtypes',
    'tags',
    'macros',
    'savedsearches',
    'collections',
    'workflow_actions',
    'checklist',
    'analyticstories',
  ]
  const shipped = [...APP.keys()].flatMap(path => /^default\/(\w+)\.conf$/.exec(path)?.[1] ?? [])
  expect(shipped.filter(name => !compared.includes(name)).sort()).toEqual(['app', 'inputs', 'server'])
  expect(textOf(APP, 'default/app.conf')).toContain(`version = ${VERSION}`)
})
