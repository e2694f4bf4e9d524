import type Joi from 'joi'
import { stringify } from 'yaml'
import { describeSchema, type SchemaDescription, typedAlternatives } from './schema-walk.ts'

const HEADER = `# wardwire configuration. Every key is optional unless it says so; values shown are the defaults,
# commented keys have none. \`wardwire check --config FILE\` finds every mistake at once.
# Secrets are written as \${env:NAME} or \${file:PATH}.
`

/** An annotated example config in YAML, made from the schema alone: it parses and passes the same schema. */
export function exampleConfig(schema: Joi.ObjectSchema): string {
  return `${HEADER}\n${mapping(describeSchema(schema), 0, false)}`
}

function mapping(node: SchemaDescription, depth: number, commented: boolean): string {
  return Object.entries(node.keys ?? {})
    .map(([key, child]) => entry(key, child, depth, commented))
    .join(depth === 0 ? '\n' : '')
}

function entry(key: string, node: SchemaDescription, depth: number, commented: boolean): string {
  const comment = commentLines(node, depth)
  if (node.keys !== undefined) {
    const inactive = commented || (node.flags?.default === undefined && depth > 0)
    return `${comment}${line(depth, inactive, `${key}:`)}${mapping(node, depth + 1, inactive)}`
  }
  const rule = node.patterns?.[0]?.rule
  if (rule !== undefined) return `${comment}${line(depth, commented, `${key}:`)}${alternatives(rule, depth + 1)}`
  const fallback = node.flags?.default
  if (fallback !== undefined && typeof fallback !== 'function' && !isDeep(fallback))
    return comment + line(depth, commented, `${key}: ${scalar(fallback)}`)
  const example = node.examples?.[0]
  return comment + line(depth, true, `${key}: ${example === undefined ? '' : scalar(example)}`.trimEnd())
}

/** One commented entry for each kind that a map of typed things can hold. */
function alternatives(rule: SchemaDescription, depth: number): string {
  return typedAlternatives(rule)
    .map(([type, node]) => {
      const keys = { ...node, keys: Object.fromEntries(Object.entries(node.keys ?? {}).filter(([key]) => key !== 'type')) }
      return `${line(depth, true, `${type}:`)}${line(depth + 1, true, `type: ${type}`)}${mapping(keys, depth + 1, true)}`
    })
    .join('')
}

function commentLines(node: SchemaDescription, depth: number): string {
  const allowed = node.flags?.only === true ? ` (${(node.allow ?? []).filter(value => value !== undefined).join(' | ')})` : ''
  const required = node.flags?.presence === 'required' ? ' Required.' : ''
  const description = node.flags?.description
  return description === undefined ? '' : `${'  '.repeat(depth)}# ${description}${allowed}.${required}\n`
}

function line(depth: number, commented: boolean, text: string): string {
  return `${'  '.repeat(depth)}${commented ? '#' : ''}${text}\n`
}

function isDeep(value: unknown): boolean {
  return value !== null && typeof value === 'object' && ('special' in value || (!Array.isArray(value) && Object.keys(value).length > 0))
}

function scalar(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd()
}
