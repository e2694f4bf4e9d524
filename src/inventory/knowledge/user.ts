import { basename } from 'node:path'
import Joi from 'joi'
import { type ConfigProblem, formatProblems, loadConfig } from '../../config/load.ts'
import { WardwireError } from '../../telemetry/error.ts'
import type { Fact } from '../evidence.ts'
import type { OuiOwner } from './oui.ts'

/** What follows of another attribute from a statement. */
type Implied = Pick<Fact, 'attribute' | 'value' | 'table' | 'confidence'>
type Row = Readonly<Record<string, string | number | undefined>>
type Tables = Readonly<Record<(typeof TABLES)[number]['key'], readonly Row[]>>

const text = (): Joi.StringSchema => Joi.string().trim().min(1).max(256)
const pattern = Joi.string()
  .min(1)
  .max(256)
  .required()
  .custom((value: string, helpers) => {
    try {
      new RegExp(value)
      return value
    } catch {
      return helpers.error('any.invalid')
    }
  }, 'regular expression')
  .messages({ 'any.invalid': 'is no regular expression' })
const kind = Joi.string().valid('toolkit', 'vendor').required()
const system = { name: text().required(), version: text() }

/** How a table is read: the attribute it is asked about, when a row fits, and what the row says then. */
interface Table {
  readonly key: string
  readonly attribute: string
  readonly row: Joi.ObjectSchema
  readonly fits: (row: Row, raw: string) => boolean
  readonly says: (row: Row, raw: string) => Readonly<Record<string, string | undefined>>
  readonly confidence: Fact['confidence']
}

const matches = (row: Row, raw: string): boolean => patternOf(row)?.test(raw) ?? false
const asSystem = (row: Row, raw: string): Readonly<Record<string, string | undefined>> => ({
  os: stated(row, 'name'),
  os_version: stated(row, 'version') ?? patternOf(row)?.exec(raw)?.[1],
})
const asImplementation = (row: Row): Readonly<Record<string, string | undefined>> =>
  row['kind'] === 'toolkit' ? { toolkit: stated(row, 'name') } : { manufacturer: stated(row, 'name') }

/** A table of texts in which a product names itself, or the system that it runs on. */
const productTable = <Key extends string>(key: Key, attribute: string, confidence: Fact['confidence']) => ({
  key,
  attribute,
  row: Joi.object({ pattern, name: text(), version: text(), manufacturer: text(), model: text() }).or('name', 'manufacturer', 'model'),
  fits: matches,
  says: (row: Row, raw: string) => ({
    manufacturer: stated(row, 'manufacturer'),
    model: stated(row, 'model'),
    ...(row['name'] === undefined ? {} : asSystem(row, raw)),
  }),
  confidence,
})

const TABLES = [
  {
    key: 'implementation_uids',
    attribute: 'implementation_class_uid',
    row: Joi.object({
      uid: text()
        .pattern(/^\d+(\.\d+)+$/, 'UID')
        .required(),
      kind,
      name: text().required(),
    }),
    fits: (row, raw) => raw === row['uid'] || raw.startsWith(`${row['uid']}.`),
    says: asImplementation,
    confidence: 'medium',
  },
  {
    key: 'implementation_versions',
    attribute: 'implementation_version',
    row: Joi.object({ pattern, kind, name: text().required() }),
    fits: matches,
    says: asImplementation,
    confidence: 'medium',
  },
  {
    key: 'ae_titles',
    attribute: 'ae_title',
    row: Joi.object({ pattern, manufacturer: text(), model: text(), type: text() }).or('manufacturer', 'model', 'type'),
    fits: matches,
    says: row => ({ manufacturer: stated(row, 'manufacturer'), model: stated(row, 'model'), type_hint: stated(row, 'type') }),
    confidence: 'low',
  },
  {
    key: 'dhcp_fingerprints',
    attribute: 'dhcp_fingerprint',
    row: Joi.object({
      options: text()
        .pattern(/^\d+(,\d+)*$/, 'list of options')
        .required(),
      ...system,
    }),
    fits: (row, raw) => raw === row['options'],
    says: asSystem,
    confidence: 'low',
  },
  {
    key: 'dhcp_vendor_classes',
    attribute: 'vendor_class',
    row: Joi.object({ pattern, ...system }),
    fits: matches,
    says: asSystem,
    confidence: 'low',
  },
  {
    key: 'os_builds',
    attribute: 'os_build',
    row: Joi.object({
      build: text()
        .pattern(/^\d+(\.\d+)+$/, 'build such as 10.0.26200')
        .required(),
      name: text().required(),
    }),
    fits: (row, raw) => raw === row['build'],
    says: (row, raw) => ({ os: stated(row, 'name'), os_version: raw }),
    confidence: 'medium',
  },
  {
    key: 'system_descriptions',
    attribute: 'system_description',
    row: Joi.object({ pattern, ...system, manufacturer: text(), model: text() }),
    fits: matches,
    says: (row, raw) => ({ ...asSystem(row, raw), manufacturer: stated(row, 'manufacturer'), model: stated(row, 'model') }),
    confidence: 'medium',
  },
  productTable('http_titles', 'http_title', 'medium'),
  productTable('http_realms', 'http_realm', 'medium'),
  productTable('certificate_subjects', 'certificate_subject', 'low'),
  {
    key: 'oui',
    attribute: 'mac',
    row: Joi.object({
      prefix: text()
        .pattern(/^[0-9A-Fa-f]{2}([-:][0-9A-Fa-f]{2}){2}$/, 'MAC prefix such as 00-1D-45')
        .required(),
      organization: text().required(),
    }),
    fits: (row, raw) => raw.startsWith(String(row['prefix']).toUpperCase().replaceAll(':', '-')),
    says: row => ({ nic_vendor: stated(row, 'organization') }),
    confidence: 'high',
  },
] as const satisfies readonly Table[]

const schema = Joi.object<Tables>(Object.fromEntries(TABLES.map(({ key, row }) => [key, Joi.array().items(row).max(10_000).default([])])))

/** Rows that a site adds to the knowledge tables. They come before the built-in ones. */
export class UserKnowledge {
  readonly rows: number
  readonly #tables: ReadonlyMap<
    string,
    { readonly table: Table; readonly rows: readonly { readonly row: Row; readonly place: string }[] }[]
  >

  /** `placeOf` names a row by file and line. */
  constructor(tables: Tables, placeOf: (key: string, index: number) => string) {
    const byAttribute = new Map<string, { table: Table; rows: { row: Row; place: string }[] }[]>()
    for (const table of TABLES as readonly Table[]) {
      const rows = (tables[table.key as keyof Tables] ?? []).map((row, index) => ({ row, place: placeOf(table.key, index) }))
      byAttribute.set(table.attribute, [...(byAttribute.get(table.attribute) ?? []), { table, rows }])
    }
    this.#tables = byAttribute
    this.rows = Object.values(tables).reduce((sum, rows) => sum + rows.length, 0)
  }

  /** What the first row that fits says of a statement; nothing when none does. */
  implied(attribute: string, raw: string): readonly Implied[] {
    for (const { table, rows } of this.#tables.get(attribute) ?? []) {
      const hit = rows.find(({ row }) => table.fits(row, raw))
      if (hit === undefined) continue
      return Object.entries(table.says(hit.row, raw)).flatMap(([name, value]): Implied[] =>
        value === undefined ? [] : [{ attribute: name, value, table: `${table.key}: ${hit.place}`, confidence: table.confidence }],
      )
    }
    return []
  }

  /** Owner of the block of a MAC (`AA-BB-CC-DD-EE-FF`). */
  ouiOwner(mac: string): OuiOwner | undefined {
    const [owner] = this.implied('mac', mac)
    return owner && { organization: owner.value ?? '', row: owner.table ?? '' }
  }
}

/** Read a site's own knowledge (YAML). Throws `knowledge_invalid` with every mistake and its line. */
export function loadUserKnowledge(file: string): UserKnowledge {
  const result = loadConfig(file, schema)
  if (!result.ok) throw invalid(result.problems)
  return new UserKnowledge(result.settings, (key, index) => `${basename(file)}:${result.lineOf([key, index])}`)
}

function invalid(problems: readonly ConfigProblem[]): WardwireError {
  return new WardwireError('knowledge_invalid', `the knowledge file cannot be used:\n${formatProblems(problems)}`, {
    mend: 'mend the file that inventory.knowledge_file names',
  })
}

const compiled = new WeakMap<Row, RegExp>()

/** The pattern of a row, compiled once. */
function patternOf(row: Row): RegExp | undefined {
  const source = stated(row, 'pattern')
  if (source === undefined) return undefined
  let expression = compiled.get(row)
  if (expression === undefined) {
    expression = new RegExp(source)
    compiled.set(row, expression)
  }
  return expression
}

function stated(row: Row, key: string): string | undefined {
  const value = row[key]
  return value === undefined ? undefined : String(value)
}
