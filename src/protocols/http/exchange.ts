import { isIP } from 'node:net'
import type { Direction, Flow } from '../../net/flow.ts'
import type { AuthenticationScheme, DicomWebRequest, FhirInteraction, HttpExchange, Incomplete, Outcome } from '../observation.ts'
import type { OnOverload } from '../overload.ts'
import { Body, type BodyLimits, requestBody, responseBody } from './body.ts'
import { authenticationOf } from './credentials.ts'
import { type DicomWebTarget, readDicomWeb } from './dicomweb.ts'
import { type FhirTarget, fhirVersionOf, isFhirType, readFhir, searchParameters } from './fhir.ts'
import { type Head, type MediaType, type RequestLine, readMediaType, type StatusLine } from './message.ts'
import { type Asked, askedFor, isPublicPage, pageTitle, realmOf } from './page.ts'
import type { SelfDescription } from './self-description.ts'
import { deviceDescription, mayDescribeDevice } from './upnp.ts'

/** What is kept of a request: nothing of its target but what was recognized in it. */
interface RequestFacts {
  readonly method: string
  readonly version: string
  readonly host: string | undefined
  readonly userAgent: string | undefined
  readonly authentication: AuthenticationScheme
  readonly mediaType: MediaType | undefined
  readonly dicomWeb: Omit<DicomWebTarget, 'studyUid' | 'root'> | undefined
  /** Keyed hashes of the study that the target names, and of the root under which it stands. */
  readonly study: string | undefined
  readonly root: string | undefined
  readonly fhir: FhirTarget | undefined
  readonly wantsDicom: boolean
  readonly wantsFhir: boolean
  readonly asked: Asked | undefined
}

interface ResponseFacts {
  readonly status: number
  readonly version: string
  readonly server: string | undefined
  readonly realm: string | undefined
  readonly mediaType: MediaType | undefined
}

const MAX_TEXT = 256
const METHOD = /^[A-Z]{1,20}$/
const HOST_NAME = /^[a-z0-9._-]{1,253}$/
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it removes
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g

/** A request with its response; either may be missing. */
export class Exchange {
  /** Who sent the request. */
  readonly direction: Direction
  readonly start: number
  readonly streamOffset: number
  end: number
  request: RequestFacts | undefined
  response: ResponseFacts | undefined
  requestBody = new Body(undefined)
  responseBody = new Body(undefined)
  requestEnded = false
  responseEnded = false
  /** Told, though its response may still come. */
  reported = false
  readonly #incomplete = new Set<Incomplete>()
  #conflictingLength = false
  /** The client waits to be told that it may send the body (RFC 9110 §10.1.1). */
  #awaitsContinue = false

  constructor(direction: Direction, start: number, streamOffset: number) {
    this.direction = direction
    this.start = start
    this.streamOffset = streamOffset
    this.end = start
  }

  incomplete(reason: Incomplete): void {
    this.#incomplete.add(reason)
  }

  /** The server asks for the body. */
  mayContinue(): void {
    this.#awaitsContinue = false
  }

  /** The server answered without asking for the body, which the client held back so far. */
  get isRefused(): boolean {
    return this.#awaitsContinue && this.response !== undefined && this.response.status >= 300 && this.requestBody.bytes === 0
  }

  get isOver(): boolean {
    return this.requestEnded && this.responseEnded
  }

  /** `isKnownClient` when the client said before who it is, which may hold for the whole connection (RFC 4559 §4.1). */
  beginRequest(
    { fields, conflictingLength }: Head,
    { method, target, version }: RequestLine,
    limits: BodyLimits,
    pseudonym: (kind: string, value: string) => string,
    isKnownClient: boolean,
  ): void {
    const mediaType = readMediaType(fields.get('content-type'))
    const dicomWeb = readDicomWeb(method, target)
    const fhir = dicomWeb === undefined ? readFhir(method, target) : undefined
    const wanted = fields.get('accept') ?? ''
    const authentication = authenticationOf(fields, target)
    this.request = {
      method,
      version,
      host: hostOf(fields.get('host')),
      userAgent: plainText(fields.get('user-agent')),
      authentication,
      mediaType,
      dicomWeb,
      study: dicomWeb?.studyUid === undefined ? undefined : pseudonym('study', dicomWeb.studyUid),
      root: dicomWeb === undefined ? undefined : pseudonym('dicomweb-root', dicomWeb.root),
      fhir,
      wantsDicom: isDicomType(wanted),
      wantsFhir: isFhirType(wanted),
      asked: askedFor(method, target, isKnownClient || authentication !== 'none'),
    }
    this.requestBody = requestBody(fields, mediaType, fhir, limits)
    this.#awaitsContinue = /^100-continue$/i.test(fields.get('expect') ?? '')
    this.#conflictingLength ||= conflictingLength
  }

  beginResponse({ fields, conflictingLength }: Head, { status, version }: StatusLine, limits: BodyLimits): void {
    const mediaType = readMediaType(fields.get('content-type'))
    const realm = status === 401 && this.request?.asked !== undefined ? realmOf(fields.get('www-authenticate')) : undefined
    this.response = { status, version, server: plainText(fields.get('server')), realm, mediaType }
    const isSearch = this.request?.dicomWeb?.query !== undefined
    this.responseBody = responseBody(fields, mediaType, isSearch, this.#descriptionIn(status, mediaType), limits)
    this.#conflictingLength ||= conflictingLength
  }

  /** Takes the body, where it may tell what the server is: of no clinical answer. */
  #descriptionIn(status: number, mediaType: MediaType | undefined): SelfDescription | undefined {
    const { asked, dicomWeb, fhir, wantsDicom, wantsFhir } = this.request ?? {}
    if (asked === undefined || mediaType === undefined) return undefined
    if (dicomWeb?.certain === true || fhir?.certain === true || wantsDicom === true || wantsFhir === true) return undefined
    if (isPublicPage(asked, status, mediaType)) return pageTitle(mediaType)
    return mayDescribeDevice(status, mediaType) ? deviceDescription(mediaType) : undefined
  }

  /** What the exchange was; undefined for any that is of no clinical protocol. */
  observation(flow: Flow, onOverload: OnOverload): DicomWebRequest | FhirInteraction | undefined {
    const isDicomWeb = this.#isDicomWeb()
    if (!isDicomWeb && !this.#isFhir()) return undefined
    for (const body of [this.requestBody, this.responseBody]) {
      if (body.isCut) this.incomplete('limit')
      for (const policy of body.limits) onOverload(policy)
    }
    return isDicomWeb ? this.#dicomWebRequest(flow) : this.#fhirInteraction(flow)
  }

  #isDicomWeb(): boolean {
    const { request, response } = this
    if (request?.dicomWeb?.certain === true) return true
    if (this.requestBody.dicom !== undefined && this.requestBody.dicom.instances > 0) return true
    if (this.responseBody.dicom !== undefined && this.responseBody.dicom.instances > 0) return true
    if (request?.dicomWeb === undefined && request !== undefined) return false
    return request?.wantsDicom === true || isDicomMedia(request?.mediaType) || isDicomMedia(response?.mediaType)
  }

  #isFhir(): boolean {
    const { request, response } = this
    if (request !== undefined && request.fhir === undefined) return false
    if (request?.fhir?.certain === true || request?.wantsFhir === true) return true
    return isFhirMedia(request?.mediaType) || isFhirMedia(response?.mediaType)
  }

  #dicomWebRequest(flow: Flow): DicomWebRequest {
    const target = this.request?.dicomWeb
    const [sent, received] = [this.requestBody.dicom, this.responseBody.dicom]
    const study = this.request?.study
    const parts = (sent?.parts ?? 0) + (received?.parts ?? 0)
    const isSearch = target?.query !== undefined
    return {
      kind: 'dicomweb-request',
      ...this.#common(flow, [...(sent?.violations ?? []), ...(received?.violations ?? [])]),
      service: target?.service,
      level: target?.level,
      representation: target?.representation,
      query: target?.query,
      results: isSearch && this.#succeeded() ? (this.responseBody.results?.length ?? received?.parts) : undefined,
      requests: 1,
      instances: (sent?.instances ?? 0) + (received?.instances ?? 0),
      parts: isSearch ? 0 : parts,
      root: this.request?.root,
      study,
      studies: study === undefined ? 0 : 1,
    }
  }

  #fhirInteraction(flow: Flow): FhirInteraction {
    const { request, response } = this
    const target = request?.fhir
    const bodyNames = searchParameters(this.requestBody.names?.names ?? [])
    return {
      kind: 'fhir-interaction',
      ...this.#common(flow, []),
      interaction: target?.interaction ?? this.requestBody.bundle?.type,
      resourceType: target?.resourceType,
      operation: target?.operation,
      searchParameters: [...new Set([...(target?.searchParameters ?? []), ...bodyNames])],
      version: fhirVersionOf(response?.mediaType) ?? fhirVersionOf(request?.mediaType),
    }
  }

  #common(flow: Flow, violations: readonly string[]) {
    return {
      flow,
      start: this.start,
      end: this.end,
      streamOffset: this.streamOffset,
      partial: [...this.#incomplete],
      direction: this.direction,
      http: this.#http(),
      violations: this.#conflictingLength ? [...violations, 'conflicting_length'] : violations,
      outcome: this.#outcome(),
    }
  }

  #http(): HttpExchange {
    const { request, response } = this
    return {
      method: request !== undefined && METHOD.test(request.method) ? request.method : undefined,
      version: request?.version ?? response?.version ?? '1.1',
      host: request?.host,
      userAgent: request?.userAgent,
      authentication: request?.authentication,
      requestType: request?.mediaType?.type,
      responseType: response?.mediaType?.type,
      status: response?.status,
      requestBytes: this.requestBody.bytes,
      responseBytes: this.responseBody.bytes,
    }
  }

  #succeeded(): boolean {
    return this.response !== undefined && this.response.status < 400
  }

  /** By the status; a request that was not answered failed, where the answer can not have been missed. */
  #outcome(): Outcome {
    if (this.response === undefined) return this.#incomplete.size > 0 ? 'unknown' : 'failure'
    if (!this.#succeeded()) return 'failure'
    return this.responseEnded ? 'success' : 'unknown'
  }
}

function hostOf(field: string | undefined): string | undefined {
  const host = field
    ?.toLowerCase()
    .replace(/:\d*$/, '')
    .replace(/^\[|\]$/g, '')
  return host !== undefined && (HOST_NAME.test(host) || isIP(host) !== 0) ? host : undefined
}

function plainText(field: string | undefined): string | undefined {
  const text = field?.replace(CONTROL, '').trim().slice(0, MAX_TEXT)
  return text === '' ? undefined : text
}

function isDicomType(text: string): boolean {
  return /\bapplication\/dicom\b/i.test(text)
}

function isDicomMedia(mediaType: MediaType | undefined): boolean {
  return mediaType !== undefined && (isDicomType(mediaType.type) || isDicomType(mediaType.parameters.get('type') ?? ''))
}

function isFhirMedia(mediaType: MediaType | undefined): boolean {
  return mediaType !== undefined && isFhirType(mediaType.type)
}
