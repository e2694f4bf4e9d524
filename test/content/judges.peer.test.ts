import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { buildContent } from '../../src/content/index.ts'
import { loadRules } from '../../src/content/rules.ts'
import { VERSION } from '../../src/installation.ts'
import { catalogue } from '../../src/normalize/catalogue.ts'
import { askJudge, esqlMissing, judge, judgesMissing } from '../peers/judges.ts'
import { describePeer, peerFolder, removeFolder } from '../peers/peer.ts'

const folders: string[] = []
afterAll(() => folders.forEach(removeFolder))

const files = buildContent({ version: VERSION, rules: loadRules() })

/** The files of a part of the content tree in a new folder. */
function written(under: string): string {
  const folder = peerFolder('content')
  folders.push(folder)
  for (const { path, content } of files.filter(file => file.path.startsWith(under))) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  return join(folder, under)
}

const queries = (type: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    String(files.find(({ path }) => path === 'elastic/rules.ndjson')!.content)
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as { readonly name: string; readonly type: string; readonly query: string })
      .filter(rule => rule.type === type)
      .map(({ name, query }) => [name, query]),
  )

describePeer('judges of the built content', judgesMissing(), () => {
  test('sigma check finds no error and no issue', () => {
    // The lists of ATT&CK and D3FEND that it compares tags with are on the internet.
    const { ok, output } = judge('sigma', ['check', '-i', '-x', 'attacktag', '-x', 'd3_fendtag', written('sigma/')])
    expect(ok, output).toBe(true)
    expect(output).toContain('Found 0 errors, 0 condition errors and 0 issues')
  })

  test('contentctl validates the content repository', () => {
    const folder = written('splunk/escu/')
    const validated = judge('contentctl', ['validate'], folder)
    expect(validated.ok, validated.output).toBe(true)
    expect(validated.output).not.toMatch(/error/i)
  })
})

describePeer('ES|QL by the parser of Elastic', esqlMissing(), () => {
  test('every query is valid for the oldest supported stack, with fields of the catalogue', () => {
    const fields = Object.fromEntries([...catalogue().values()].map(({ name, type }) => [name, type]))
    const asked = { ...queries('esql'), 'a field that does not exist': 'FROM logs-* | WHERE no.such.field == "x" | KEEP no.such.field' }
    const { 'a field that does not exist': wrong, ...answer } = askJudge<Record<string, string | null>>(
      join(import.meta.dirname, 'check_esql.py'),
      { fields, queries: asked, stack: '8.19.0' },
      'esql',
    )
    expect(Object.keys(answer).length).toBeGreaterThan(2)
    for (const [rule, problem] of Object.entries(answer)) expect({ rule, problem }).toEqual({ rule, problem: null })
    expect(wrong).toContain('no.such.field')
  })
})
