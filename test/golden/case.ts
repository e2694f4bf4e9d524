import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { EcsDocument, Json } from '../../src/normalize/event.ts'
import { derive, type Step } from '../captures/derive.ts'

/** How many documents carry these values: dotted field names; a list asks that every value is present, null that the field is absent. */
export interface Expectation {
  readonly count: number | { readonly min: number }
  readonly match: { readonly [field: string]: Json }
}

/** `case.yml`: what to replay, and what must come out whatever `expected.ndjson` says. */
export interface GoldenCase {
  readonly name: string
  readonly folder: string
  readonly input: string
  readonly derive: readonly Step[]
  readonly expect: readonly Expectation[]
}

export function loadCase(folder: string, name: string): GoldenCase {
  const directory = join(folder, name)
  const body = parse(readFileSync(join(directory, 'case.yml'), 'utf8')) as Partial<GoldenCase>
  return {
    name,
    folder: directory,
    input: join(directory, body.input ?? 'input.pcap'),
    derive: body.derive ?? [],
    expect: body.expect ?? [],
  }
}

export function caseNames(folder: string): readonly string[] {
  return readdirSync(folder).filter(name => existsSync(join(folder, name, 'case.yml')))
}

/** Call `use` with the capture of a case, which is a temporary file where the case derives it. */
export async function withCapture<Result>(golden: GoldenCase, use: (file: string) => Promise<Result>): Promise<Result> {
  if (golden.derive.length === 0) return use(golden.input)
  const directory = mkdtempSync(join(tmpdir(), 'wardwire-golden-'))
  try {
    const file = join(directory, 'derived.pcap')
    writeFileSync(file, derive(readFileSync(golden.input), golden.derive))
    return await use(file)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Documents that meet every field of `match`. */
export function matching(documents: readonly EcsDocument[], match: Expectation['match']): readonly EcsDocument[] {
  return documents.filter(document => Object.entries(match).every(([field, wanted]) => meets(valueAt(document, field), wanted)))
}

function meets(value: Json | undefined, wanted: Json): boolean {
  if (wanted === null) return value === undefined
  if (Array.isArray(wanted)) return Array.isArray(value) && wanted.every(one => value.includes(one))
  if (Array.isArray(value)) return value.includes(wanted)
  return value === wanted
}

/** Value at a dotted name, whether the document nests it or not. */
export function valueAt(document: EcsDocument, field: string): Json | undefined {
  let value: Json | undefined = document as Json
  for (const name of field.split('.')) {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined
    value = (value as { readonly [key: string]: Json | undefined })[name]
  }
  return value
}

/** One line a document, keys in order, without the version of the build that replays. */
export function stableLine(document: EcsDocument): string {
  const { version: _version, ...observer } = (document['observer'] ?? {}) as Record<string, Json>
  return JSON.stringify(sorted({ ...document, observer }))
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  )
}
