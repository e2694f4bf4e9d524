import type { FhirInteractionCode } from '../observation.ts'
import { withoutOrigin } from './dicomweb.ts'
import type { MediaType } from './message.ts'
import { decoded, type Parameter, readParameters } from './parameters.ts'
import { RESOURCE_TYPES } from './resource-types.ts'

/** What a request asks of a FHIR server. */
export interface FhirTarget {
  readonly interaction: FhirInteractionCode | undefined
  readonly resourceType: string | undefined
  /** `$everything`, `$export` … */
  readonly operation: string | undefined
  /** Names of search parameters with their modifiers and chains. */
  readonly searchParameters: readonly string[]
  /** A body of a form holds more names of search parameters. */
  readonly isFormSearch: boolean
  /** A body is a Bundle, whose type tells batch from transaction. */
  readonly isBundle: boolean
  /** Nothing else looks like it; otherwise a media type has to confirm it. */
  readonly certain: boolean
}

const MAX_SEGMENTS = 32
const MAX_PARAMETERS = 64
/** Names of bases at which servers offer FHIR. */
const BASE = /fhir|^r[2-6]b?$|^(dstu2|stu3)$/i
const ID = /^[A-Za-z0-9.-]{1,64}$/
const OPERATION = /^\$[a-z][A-Za-z-]{0,63}$/
/** A search parameter with modifiers and chains. No name has digits; identifiers, which may stand in its place by mistake, do. */
const SEARCH_PARAMETER = /^_?[A-Za-z][A-Za-z-]{0,63}(?:[:.]_?[A-Za-z][A-Za-z-]{0,63}){0,8}$/

/** Recognize a FHIR interaction (FHIR R5 §3.2.0) under any base. */
export function readFhir(method: string, target: string): FhirTarget | undefined {
  const [path, query = ''] = withoutOrigin(target)
    .split('#', 1)[0]
    .split(/\?(.*)/s, 2)
  const segments = path
    .split('/', MAX_SEGMENTS)
    .filter(segment => segment !== '')
    .map(decoded)
  const parameters = readParameters(query)
  const start = segments.findIndex(segment => RESOURCE_TYPES.has(segment) || segment.startsWith('$') || SYSTEM.has(segment))
  const base = start < 0 ? segments : segments.slice(0, start)
  const found = start < 0 ? ofBase(method, parameters) : ofResource(method, segments.slice(start))
  if (found === undefined) return undefined
  const hasFormat = parameters.some(({ name, value }) => name === '_format' && isFhirType(value))
  return {
    interaction: found.interaction,
    resourceType: found.resourceType,
    operation: found.operation,
    searchParameters: searchParameters(parameters.map(({ name }) => name)),
    isFormSearch: found.interaction?.startsWith('search') === true && method === 'POST',
    isBundle: found.isBundle === true,
    certain: hasFormat || (start >= 0 && base.some(segment => BASE.test(segment))),
  }
}

interface Found {
  readonly interaction: FhirInteractionCode | undefined
  readonly resourceType?: string
  readonly operation?: string
  readonly isBundle?: boolean
}

const SYSTEM: ReadonlySet<string> = new Set(['metadata', '_history', '_search'])
const isRead = (method: string): boolean => method === 'GET' || method === 'HEAD'

/** The base itself: POST of a Bundle, GET with search parameters. */
function ofBase(method: string, parameters: readonly Parameter[]): Found | undefined {
  if (method === 'POST') return { interaction: undefined, isBundle: true }
  return isRead(method) && parameters.length > 0 ? { interaction: 'search-system' } : undefined
}

function ofResource(method: string, segments: readonly string[]): Found | undefined {
  return RESOURCE_TYPES.has(segments[0]) ? ofType(method, segments) : ofSystem(method, segments)
}

/** metadata, _history, _search, $operation. */
function ofSystem(method: string, [name, ...more]: readonly string[]): Found | undefined {
  if (more.length > 0) return undefined
  if (name === 'metadata') return isRead(method) ? { interaction: 'capabilities' } : undefined
  if (name === '_history') return isRead(method) ? { interaction: 'history-system' } : undefined
  if (name === '_search') return method === 'POST' ? { interaction: 'search-system' } : undefined
  return operationOf(name, undefined)
}

/** {type}, {type}/_search, {type}/_history, {type}/$operation, {type}/{id} … */
function ofType(method: string, [resourceType, ...more]: readonly string[]): Found | undefined {
  const [next] = more
  if (next === undefined) {
    const interaction = COLLECTION_INTERACTIONS.get(method)
    return interaction && { interaction, resourceType }
  }
  if (more.length === 1 && next === '_search') return method === 'POST' ? { interaction: 'search-type', resourceType } : undefined
  if (more.length === 1 && next === '_history') return isRead(method) ? { interaction: 'history-type', resourceType } : undefined
  if (next.startsWith('$')) return more.length === 1 ? operationOf(next, resourceType) : undefined
  return ID.test(next) ? ofInstance(method, resourceType, more.slice(1)) : undefined
}

/** What follows {type}/{id}: nothing, _history[/{version}], $operation, or {type} or * of its compartment. */
function ofInstance(method: string, resourceType: string, [next, version, ...more]: readonly string[]): Found | undefined {
  if (next === undefined) {
    const interaction = INSTANCE_INTERACTIONS.get(method)
    return interaction && { interaction, resourceType }
  }
  if (more.length > 0) return undefined
  if (next === '_history' && isRead(method)) return { interaction: version === undefined ? 'history-instance' : 'vread', resourceType }
  if (version !== undefined && version !== '_search') return undefined
  if (next.startsWith('$')) return operationOf(next, resourceType)
  if (next !== '*' && !RESOURCE_TYPES.has(next)) return undefined
  if (!isRead(method) && method !== 'POST') return undefined
  return { interaction: 'search-compartment', resourceType: next === '*' ? resourceType : next }
}

function operationOf(name: string, resourceType: string | undefined): Found | undefined {
  if (!OPERATION.test(name)) return undefined
  return { interaction: 'operation', operation: name, ...(resourceType === undefined ? {} : { resourceType }) }
}

/** Of {type}; those that change are conditional (FHIR R5 §3.2.0.8). */
const COLLECTION_INTERACTIONS: ReadonlyMap<string, FhirInteractionCode> = new Map([
  ['GET', 'search-type'],
  ['HEAD', 'search-type'],
  ['POST', 'create'],
  ['PUT', 'update'],
  ['PATCH', 'patch'],
  ['DELETE', 'delete'],
])

const INSTANCE_INTERACTIONS: ReadonlyMap<string, FhirInteractionCode> = new Map([
  ['GET', 'read'],
  ['HEAD', 'read'],
  ['PUT', 'update'],
  ['PATCH', 'patch'],
  ['DELETE', 'delete'],
])

/** Names that can be search parameters, each once. */
export function searchParameters(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter(name => SEARCH_PARAMETER.test(name)))].slice(0, MAX_PARAMETERS)
}

/** `application/fhir+json` and `+xml`, and before STU3 `application/json+fhir`, `application/xml+fhir`; parameters may follow. */
export function isFhirType(text: string): boolean {
  return /\b(fhir\+(json|xml|turtle|ndjson)|(json|xml)\+fhir)\b/i.test(text.replaceAll(' ', '+'))
}

/** FHIR release of a media type, as its parameter says it: `4.0` (FHIR R5 §3.2.0.1.10). */
export function fhirVersionOf(mediaType: MediaType | undefined): string | undefined {
  const version = mediaType?.parameters.get('fhirversion')
  return version !== undefined && /^\d\.\d$/.test(version) ? version : undefined
}
