import { isIP } from 'node:net'
import { FROM_CLIENT } from '../net/flow.ts'
import type { DicomWebRequest, DicomWebService, FhirInteraction, HttpExchange } from '../protocols/observation.ts'
import { type Context, compact, count, type Fields, list } from './common.ts'
import type { WardwireEvent } from './event.ts'
import { NETWORK, networkEvent } from './network.ts'
import { nanoseconds } from './time.ts'

const ACCESS_TYPES = ['protocol', 'access']
const INFO_TYPES = ['protocol', 'info']
const DENIED_TYPES = ['protocol', 'denied']

/** Services that hand over images or tell of them; the others report or change the state of work. */
const ACCESS_SERVICES: ReadonlySet<DicomWebService | undefined> = new Set([undefined, 'qido_rs', 'wado_rs', 'wado_uri', 'stow_rs'])
/** FHIR interactions that read. */
const ACCESS_INTERACTIONS = /^(read|vread|search|history|operation)/

/** A DICOMweb request with its response, or a window of retrievals. */
export function dicomWebEvent(context: Context, seen: DicomWebRequest): WardwireEvent {
  return networkEvent(context, {
    ...common(seen),
    dataset: 'wardwire.dicom',
    type: typesOf(seen.http, ACCESS_SERVICES.has(seen.service)),
    action: 'dicomweb-request',
    discriminator: `${seen.direction} ${seen.service ?? ''} ${seen.requests > 1 ? 'retrievals' : ''}`,
    message: dicomWebSentence(seen),
    body: { ...httpFields(seen.http), dicom: dicomWebFields(seen) },
  })
}

/** A FHIR request with its response. */
export function fhirEvent(context: Context, seen: FhirInteraction): WardwireEvent {
  return networkEvent(context, {
    ...common(seen),
    dataset: 'wardwire.hl7',
    type: typesOf(seen.http, seen.interaction !== undefined && ACCESS_INTERACTIONS.test(seen.interaction)),
    action: 'fhir-interaction',
    discriminator: `${seen.direction} ${seen.interaction ?? ''}`,
    message: fhirSentence(seen),
    body: { ...httpFields(seen.http), hl7: compact(fhirFields(seen)) },
  })
}

function common(seen: DicomWebRequest | FhirInteraction) {
  const { host, authentication } = seen.http
  return {
    flow: seen.flow,
    streamOffset: seen.streamOffset,
    kind: 'event',
    category: NETWORK,
    outcome: seen.outcome,
    time: seen.end,
    start: seen.start,
    end: seen.end,
    duration: nanoseconds(seen.end - seen.start),
    sender: seen.direction,
    protocol: 'http',
    counters: false,
    about: 'client',
    hosts: host !== undefined && isIP(host) === 0 ? [host] : [],
    partial: seen.partial,
    wardwire: { authentication: authentication && { scheme: authentication } },
  } as const
}

/** 401 and 403 are refusals (RFC 9110 §15.5). */
function typesOf({ status }: HttpExchange, isAccess: boolean): readonly string[] {
  if (status === 401 || status === 403) return DENIED_TYPES
  return isAccess ? ACCESS_TYPES : INFO_TYPES
}

function httpFields(http: HttpExchange): Fields {
  return {
    http: {
      version: http.version,
      request:
        http.authentication === undefined
          ? undefined
          : { method: http.method, mime_type: http.requestType, body: http.requestBytes > 0 ? { bytes: http.requestBytes } : undefined },
      response:
        http.status === undefined
          ? undefined
          : { status_code: http.status, mime_type: http.responseType, body: { bytes: http.responseBytes } },
    },
    url: http.host === undefined ? undefined : { domain: http.host },
    user_agent: http.userAgent === undefined ? undefined : { original: http.userAgent },
  }
}

function dicomWebFields(seen: DicomWebRequest): Fields {
  const { query } = seen
  return {
    responses: seen.results,
    query: query && {
      level: query.level,
      keys: list(query.keys),
      matching_keys: list(query.matchingKeys),
      wildcard: query.wildcard,
      universal: query.universal,
    },
    web: {
      service: seen.service,
      level: seen.level,
      representation: seen.representation,
      requests: seen.requests,
      instances: seen.instances || undefined,
      parts: seen.parts || undefined,
      studies: seen.studies || undefined,
    },
    violations: list(seen.violations),
  }
}

function fhirFields(seen: FhirInteraction): Fields {
  return {
    fhir: compact({
      interaction: seen.interaction,
      resource_type: seen.resourceType,
      operation: seen.operation,
      search_parameters: list(seen.searchParameters),
      version: seen.version,
    }),
    violations: list(seen.violations),
  }
}

const DEEDS: Readonly<Record<DicomWebService, string>> = {
  qido_rs: 'searched',
  wado_rs: 'retrieved from',
  wado_uri: 'retrieved from',
  stow_rs: 'stored to',
  ups_rs: 'sent a worklist request to',
  delete: 'deleted from',
}

function dicomWebSentence(seen: DicomWebRequest): string {
  const [client, server] = ends(seen)
  const deed = seen.service === undefined ? 'exchanged DICOM content with' : DEEDS[seen.service]
  const level = seen.query?.level?.toLowerCase() ?? seen.level
  const details = [
    level && `${level} level`,
    seen.representation,
    seen.requests > 1 && count(seen.requests, 'request'),
    seen.results !== undefined && count(seen.results, 'match').replace('matchs', 'matches'),
    seen.instances > 0 && count(seen.instances, 'instance'),
    seen.studies > 1 && `${seen.studies} studies`,
  ].filter(detail => detail !== false && detail !== undefined && detail !== '')
  return `${client} ${deed} ${server} by DICOMweb${details.length > 0 ? ` (${details.join(', ')})` : ''}${answer(seen.http)}`
}

function fhirSentence(seen: FhirInteraction): string {
  const [client, server] = ends(seen)
  const name = [seen.interaction, seen.operation, seen.resourceType].filter(part => part !== undefined).join(' ')
  return `${client} made a FHIR request to ${server}${name === '' ? '' : `: ${name}`}${answer(seen.http)}`
}

function ends({ flow, direction }: DicomWebRequest | FhirInteraction): readonly [client: string, server: string] {
  return direction === FROM_CLIENT ? [flow.clientAddress, flow.serverAddress] : [flow.serverAddress, flow.clientAddress]
}

function answer({ status, authentication }: HttpExchange): string {
  const anonymous = authentication === 'none' ? ' without credentials' : ''
  if (status === undefined) return `${anonymous}, no response seen`
  if (status === 401 || status === 403) return `${anonymous}, denied (${status})`
  return `${anonymous}, ${status < 400 ? 'answered' : 'failed'} (${status})`
}
