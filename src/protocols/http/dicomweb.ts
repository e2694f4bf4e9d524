import { isKeyword, keywordOf } from '../dicom/tags.ts'
import type { DicomQuery, DicomWebLevel, DicomWebRepresentation, DicomWebService } from '../observation.ts'
import { decoded, type Parameter, readParameters } from './parameters.ts'

/** What a request asks of a DICOMweb server. */
export interface DicomWebTarget {
  readonly service: DicomWebService
  readonly level: DicomWebLevel | undefined
  readonly representation: DicomWebRepresentation | undefined
  readonly query: DicomQuery | undefined
  /** In clear: to be hashed at once for counting, never to be kept. */
  readonly studyUid: string | undefined
  /** Path under which the service is asked for. In clear: to be hashed at once for counting, never to be kept. */
  readonly root: string
  /** Nothing else looks like it; otherwise a media type has to confirm it. */
  readonly certain: boolean
}

type Found = Omit<DicomWebTarget, 'root'>

interface Resource {
  /** `studies`, `studies/{uid}/series` …: many of a level, as opposed to one. */
  readonly isCollection: boolean
  readonly level: DicomWebLevel
  readonly representation: DicomWebRepresentation | undefined
  readonly studyUid: string | undefined
  readonly seriesUid: string | undefined
  readonly hasUid: boolean
}

const MAX_SEGMENTS = 32
const LEVELS: readonly string[] = ['studies', 'series', 'instances']
const LEVEL_NAMES = ['study', 'series', 'instance'] as const
/** Names of roots under which servers offer DICOMweb. */
const ROOT = /dicom|dcm4chee|orthanc|pacs|^(wado|qido|stow|ups)(-?rs)?$|^rs$/i
const UID = /^\d{1,20}(\.\d{1,39}){2,}$/
/** Identifier in Orthanc's own interface, which deletes by it. */
const ORTHANC_ID = /^[0-9a-f]{8}(-[0-9a-f]{8}){4}$/
const FRAMES = /^\d{1,9}(,\d{1,9})*$/
const REPRESENTATIONS: ReadonlyMap<string, DicomWebRepresentation> = new Map([
  ['metadata', 'metadata'],
  ['rendered', 'rendered'],
  ['thumbnail', 'thumbnail'],
  ['bulkdata', 'bulkdata'],
  ['pixeldata', 'bulkdata'],
])

/** Names of levels that can be deleted in an interface of an archive, beside DICOMweb. */
const ARCHIVE_LEVELS: ReadonlyMap<string, DicomWebLevel> = new Map([
  ['patients', 'patient'],
  ['studies', 'study'],
  ['series', 'series'],
  ['instances', 'instance'],
])
/** Root of the REST interface of dcm4chee, which goes by patient identifiers too. */
const DCM4CHEE_ROOT = /\/aets\/[^/]+\/rs$/i

/** Recognize a DICOMweb request (PS3.18 §9 WADO-URI, §10 studies, §11 worklist) under any root. */
export function readDicomWeb(method: string, target: string): DicomWebTarget | undefined {
  const [path, query = ''] = withoutOrigin(target)
    .split('#', 1)[0]
    .split(/\?(.*)/s, 2)
  const parameters = readParameters(query)
  const segments = path.split('/', MAX_SEGMENTS).filter(segment => segment !== '')
  for (let index = 0; index < segments.length; index++) {
    const rest = segments.slice(index).map(decoded)
    const root = `/${segments.slice(0, index).join('/')}`
    const found = rest[0] === 'workitems' ? workitems(method, rest, parameters) : studies(method, rest, parameters)
    const any = found ?? archiveDeletion(method, root, rest)
    if (any !== undefined) return { ...any, root, certain: any.certain || segments.slice(0, index).some(name => ROOT.test(name)) }
  }
  const byUri = wadoUri(method, parameters)
  return byUri && { ...byUri, root: path }
}

/** A request through a proxy names scheme and host (RFC 9112 §3.2.2). */
export function withoutOrigin(target: string): string {
  return target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '')
}

function studies(method: string, rest: readonly string[], parameters: readonly Parameter[]): Found | undefined {
  const resource = resourceOf(rest)
  const service = resource && serviceOf(method, resource)
  if (resource === undefined || service === undefined) return undefined
  const { isCollection, representation, studyUid, hasUid } = resource
  const level = isCollection ? undefined : resource.level
  if (service !== 'qido_rs') return { service, level, representation, query: undefined, studyUid, certain: hasUid }
  const { query, isSearch } = readQuery(resource, parameters)
  return { service, level, representation, query, studyUid, certain: hasUid || isSearch }
}

/**
 * studies[/{study}[/series[/{series}[/instances[/{instance}[/frames/{list}]]]]]][/{representation}], levels that are not needed left out
 * (PS3.18 table 10.1-1).
 */
function resourceOf(rest: readonly string[]): Resource | undefined {
  const uids: (string | undefined)[] = []
  let level = -1
  let index = 0
  let isCollection = false
  while (index < rest.length && !isCollection) {
    const next = LEVELS.indexOf(rest[index])
    if (next <= level) break
    level = next
    isCollection = index + 1 === rest.length
    if (!isCollection && !UID.test(rest[index + 1])) return undefined
    uids[level] = rest[index + 1]
    index += 2
  }
  if (level < 0) return undefined
  const [studyUid, seriesUid] = uids
  const common = { isCollection, studyUid, seriesUid, hasUid: uids.some(uid => uid !== undefined) }
  const tail = rest.slice(index)
  if (isCollection || tail.length === 0) return { ...common, level: LEVEL_NAMES[level], representation: undefined }
  if (tail[0] === 'frames' && level === 2 && tail.length <= 3 && FRAMES.test(tail[1] ?? ''))
    return { ...common, level: 'frame', representation: REPRESENTATIONS.get(tail[2]) }
  const representation = REPRESENTATIONS.get(tail[0])
  const isKnown = representation === 'bulkdata' || (representation !== undefined && tail.length === 1)
  return isKnown ? { ...common, level: LEVEL_NAMES[level], representation } : undefined
}

/**
 * Deletions in interfaces of archives beside DICOMweb: DELETE {level}/{id} and POST tools/bulk-delete of Orthanc, DELETE patients/{patient} and
 * POST studies/{study}[/series/{series}[/instances/{instance}]]/reject/{code} of dcm4chee.
 */
function archiveDeletion(method: string, root: string, rest: readonly string[]): Found | undefined {
  const level = ARCHIVE_LEVELS.get(rest[0])
  const found = { service: 'delete', level, representation: undefined, query: undefined, studyUid: undefined, certain: true } as const
  if (method === 'POST') {
    if (rest.length === 2 && rest[0] === 'tools' && rest[1] === 'bulk-delete') return found
    if (rest.at(-2) !== 'reject' || level !== 'study') return undefined
    const rejected = resourceOf(rest.slice(0, -2))
    const isResource = rejected !== undefined && !rejected.isCollection && rejected.representation === undefined
    return isResource ? { ...found, level: rejected.level, studyUid: rejected.studyUid } : undefined
  }
  if (method !== 'DELETE' || level === undefined || rest.length !== 2) return undefined
  return ORTHANC_ID.test(rest[1]) || (level === 'patient' && DCM4CHEE_ROOT.test(root)) ? found : undefined
}

function serviceOf(method: string, { isCollection, level, representation }: Resource): DicomWebService | undefined {
  switch (method) {
    case 'GET':
    case 'HEAD':
      return isCollection ? 'qido_rs' : 'wado_rs'
    case 'POST':
      return level === 'study' && representation === undefined ? 'stow_rs' : undefined
    case 'PUT':
      return representation === undefined ? 'stow_rs' : undefined
    case 'DELETE':
      return isCollection || representation !== undefined ? undefined : 'delete'
    default:
      return undefined
  }
}

/** workitems[/{workitem}[/state | /cancelrequest | /subscribers/{AE title}[/suspend]]] (PS3.18 table 11.1-1). */
function workitems(method: string, rest: readonly string[], parameters: readonly Parameter[]): Found | undefined {
  if (!['GET', 'POST', 'PUT', 'DELETE'].includes(method) || rest.length > 5) return undefined
  const isSearch = rest.length === 1 && method === 'GET'
  const hasUid = rest.length > 1 && UID.test(rest[1])
  if (rest.length > 1 && !hasUid) return undefined
  const search = isSearch ? readQuery(undefined, parameters) : undefined
  return {
    service: 'ups_rs',
    level: isSearch ? undefined : 'workitem',
    representation: undefined,
    query: search?.query,
    studyUid: undefined,
    certain: hasUid || search?.isSearch === true,
  }
}

/** ?requestType=WADO&studyUID=…&seriesUID=…&objectUID=… under any path (PS3.18 §9.1.2). */
function wadoUri(method: string, parameters: readonly Parameter[]): Found | undefined {
  const parameter = (wanted: string): string | undefined => parameters.find(({ name }) => name.toLowerCase() === wanted)?.value
  if (method !== 'GET' && method !== 'HEAD') return undefined
  if (parameter('requesttype')?.toUpperCase() !== 'WADO') return undefined
  const hasFrame = parameter('framenumber') !== undefined
  return {
    service: 'wado_uri',
    level: hasFrame ? 'frame' : 'instance',
    representation: undefined,
    query: undefined,
    studyUid: parameter('studyuid'),
    certain: true,
  }
}

const QUERY_LEVELS: Readonly<Record<string, string>> = { study: 'STUDY', series: 'SERIES', instance: 'IMAGE' }
/** Keys that say how to answer, not what to look for. */
const NOT_NARROWING: ReadonlySet<string> = new Set(['SpecificCharacterSet', 'TimezoneOffsetFromUTC'])

/**
 * The query of a search (PS3.18 §8.3.4): names of attributes by keyword, never a value. `isSearch` when the names alone show it is one.
 * What is no attribute of our table is left out, since it can be anything.
 */
function readQuery(
  resource: Resource | undefined,
  parameters: readonly Parameter[],
): { readonly query: DicomQuery; readonly isSearch: boolean } {
  const matchingKeys = new Set<string>()
  const included: string[] = []
  let wildcard = false
  let universal = true
  let isSearch = false
  if (resource?.studyUid !== undefined) matchingKeys.add('StudyInstanceUID')
  if (resource?.seriesUid !== undefined) matchingKeys.add('SeriesInstanceUID')
  if (matchingKeys.size > 0) universal = false
  for (const { name, value } of parameters) {
    const control = name.toLowerCase()
    if (control === 'includefield') included.push(...value.split(',').flatMap(attributesOf))
    if (control === 'includefield' || control === 'fuzzymatching') isSearch = true
    const attributes = attributesOf(name)
    const key = attributes.at(-1)
    if (key === undefined) continue
    isSearch = true
    included.push(...attributes)
    if (value === '' || NOT_NARROWING.has(key)) continue
    matchingKeys.add(key)
    if (/[*?]/.test(value) && !key.endsWith('UID')) wildcard = true
    if (/[^*]/.test(value)) universal = false
  }
  const level = resource && QUERY_LEVELS[resource.level]
  const keys = [...new Set([...matchingKeys, ...included])]
  return { query: { level, model: undefined, keys, matchingKeys: [...matchingKeys], wildcard, universal }, isSearch }
}

/** Keywords of an attribute path: `{keyword or tag}[.{keyword or tag}]*`; none when a part is unknown. */
function attributesOf(name: string): readonly string[] {
  const keywords = name.split('.', 8).map(part => (/^[0-9a-f]{8}$/i.test(part) ? keywordOf(Number.parseInt(part, 16)) : part))
  return keywords.every(isKeyword) ? keywords : []
}
