import { readFileSync } from 'node:fs'
import type Joi from 'joi'
import type { Document, LineCounter } from 'yaml'
import { WardwireError } from '../telemetry/error.ts'
import { interpolate } from './interpolate.ts'
import { allowedKeys, describeSchema, nearest } from './schema-walk.ts'
import { yaml } from './yaml.ts'

/** One thing wrong with a config file. */
export interface ConfigProblem {
  readonly file: string
  /** 1-based; 0 where the file as a whole is meant. */
  readonly line: number
  /** Dotted path of the key, or empty for the file. */
  readonly path: string
  readonly message: string
  readonly mend: string | undefined
}

/** Keys and indexes from the root. */
type Path = readonly (string | number)[]

/** Checked settings, with the line (1-based) of each key in the file; or what is wrong. */
export type ConfigResult<T> =
  | { readonly ok: true; readonly settings: T; readonly lineOf: (path: Path) => number }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] }

/** Read, interpolate and check a YAML config file; every problem is reported at once. */
export function loadConfig<T>(file: string, schema: Joi.ObjectSchema<T>, env: NodeJS.ProcessEnv = process.env): ConfigResult<T> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'error'
    return fail([
      { file, line: 0, path: '', message: `cannot read the config file (${reason})`, mend: 'check the path and its permissions' },
    ])
  }
  return parseConfig(text, file, schema, env)
}

/** As `loadConfig`, for text that is already in memory; `file` is its name in messages. */
export function parseConfig<T>(
  text: string,
  file: string,
  schema: Joi.ObjectSchema<T>,
  env: NodeJS.ProcessEnv = process.env,
): ConfigResult<T> {
  const { LineCounter, parseDocument } = yaml()
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  if (document.errors.length > 0)
    return fail(
      document.errors.map(error => ({
        file,
        line: lines.linePos(error.pos[0]).line,
        path: '',
        message: `not valid YAML: ${error.message}`,
        mend: 'mend the syntax at that line (indentation, colons, quotes)',
      })),
    )
  const raw: unknown = withoutNulls(document.toJS()) ?? {}
  const { value, interpolated, problems: unresolved } = interpolate(raw, file, env)
  const lineOf = (path: Path): number => lineOfPath(document, lines, path)
  const checked = schema.validate(value, {
    abortEarly: false,
    context: { interpolated },
    errors: { wrap: { label: false }, label: 'path' },
  })
  const problems: ConfigProblem[] = unresolved.map(({ path, message, mend }) => ({
    file,
    line: lineOf(path),
    path: path.join('.'),
    message,
    mend,
  }))
  const unresolvedPaths = new Set(problems.map(problem => problem.path))
  for (const detail of checked.error?.details ?? []) {
    const path = detail.path as Path
    if (unresolvedPaths.has(path.join('.'))) continue
    problems.push({ file, line: lineOf(path), path: path.join('.'), ...explain(detail, schema, value) })
  }
  return problems.length > 0 ? fail(problems) : { ok: true, settings: checked.value as T, lineOf }
}

/** A one-paragraph rendering of problems, one line each: `file:line: path: message (mend)`. */
export function formatProblems(problems: readonly ConfigProblem[]): string {
  return problems
    .map(({ file, line, path, message, mend }) => {
      const where = line > 0 ? `${file}:${line}` : file
      return `${where}: ${path === '' ? '' : `${path}: `}${message}${mend === undefined ? '' : ` — ${mend}`}`
    })
    .join('\n')
}

/** The error that commands raise for a config that cannot be used. */
export function configError(problems: readonly ConfigProblem[]): WardwireError {
  const noun = problems.length === 1 ? '1 problem' : `${problems.length} problems`
  return new WardwireError('config_invalid', `${noun} in the configuration:\n${formatProblems(problems)}`)
}

function fail<T>(problems: readonly ConfigProblem[]): ConfigResult<T> {
  return { ok: false, problems: [...problems].sort((a, b) => a.line - b.line) }
}

function explain(detail: Joi.ValidationErrorItem, schema: Joi.Schema, root: unknown): { message: string; mend: string | undefined } {
  const path = detail.path as Path
  if (detail.type === 'object.unknown') {
    const key = String(path.at(-1))
    const keys = allowedKeys(describeSchema(schema), root, path.slice(0, -1))
    const near = nearest(key, keys)
    const known = keys.length > 0 ? `known here: ${keys.join(', ')}` : 'no keys are known here'
    return { message: `unknown key "${key}"`, mend: near === undefined ? known : `did you mean "${near}"? (${known})` }
  }
  const found = foundText(detail, path)
  const message = detail.message.startsWith(`${path.join('.')} `) ? detail.message.slice(path.join('.').length + 1) : detail.message
  const valids = (detail.context?.valids as readonly unknown[] | undefined)?.map(String)
  if (valids !== undefined && valids.length > 0) {
    const near = nearest(String(detail.context?.value ?? ''), valids)
    return { message: `${found}: allowed are ${valids.join(', ')}`, mend: near === undefined ? undefined : `did you mean "${near}"?` }
  }
  const mend = detail.type.startsWith('secret.') ? 'use ${env:NAME} or ${file:PATH}' : undefined
  return { message: found === '' ? message : `${message} (${found})`, mend }
}

function foundText(detail: Joi.ValidationErrorItem, path: Path): string {
  if (detail.type === 'any.required' || detail.type.startsWith('secret.') || detail.type.startsWith('object.')) return ''
  const value: unknown = detail.context?.value
  if (value === undefined || path.length === 0) return ''
  const text = typeof value === 'object' ? (Array.isArray(value) ? 'a list' : 'a mapping') : JSON.stringify(value)
  return `found ${text.length > 80 ? `${text.slice(0, 80)}…` : text}`
}

/** A key whose children are all commented out reads as null: treat it as absent. */
function withoutNulls(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withoutNulls)
  if (node === null || typeof node !== 'object') return node ?? undefined
  return Object.fromEntries(
    Object.entries(node)
      .filter(([, value]) => value !== null)
      .map(([key, value]) => [key, withoutNulls(value)]),
  )
}

/** Line of the key at `path`, or of its nearest ancestor that is in the file. */
function lineOfPath(document: Document, lines: LineCounter, path: Path): number {
  for (let depth = path.length; depth > 0; depth--) {
    const parent = depth === 1 ? document.contents : document.getIn(path.slice(0, depth - 1), true)
    const pair = keyNode(parent, path[depth - 1])
    if (pair !== undefined) return lines.linePos(pair).line
  }
  return 1
}

function keyNode(parent: unknown, key: string | number): number | undefined {
  const { isNode } = yaml()
  if (!isNode(parent) || !('items' in parent)) return undefined
  if (typeof key === 'number') {
    const item = parent.items[key]
    return isNode(item) ? item.range?.[0] : undefined
  }
  for (const item of parent.items) {
    if (!('key' in (item as object))) continue
    const node = (item as { key: unknown }).key
    if (isNode(node) && 'value' in node && node.value === key) return node.range?.[0]
  }
  return undefined
}
