import type { OverloadPolicy } from '../overload.ts'
import { CODINGS, Compressed } from './compressed.ts'
import type { FhirTarget } from './fhir.ts'
import type { Fields, MediaType } from './message.ts'
import { FormNames } from './parameters.ts'
import { DicomContent } from './part10.ts'
import { DESCRIPTION_BYTES, SelfDescription } from './self-description.ts'

/** Looks at a body as it comes in, and keeps no more of it than its named limits. */
export interface BodyReader {
  feed(bytes: Buffer, from: number, to: number): void
  /** Bytes of the body were lost. */
  gap(length: number): void
  /** The body is over; `whole` when it came to its own end. */
  end(whole: boolean): void
}

/** How much of a body is looked at. */
export interface BodyLimits {
  /** Bytes of the head of a part. */
  readonly head: number
  /** Bytes of a compressed body, and of the beginning of a Bundle. */
  readonly body: number
}

/** A body, and what is to be learned from it. */
export class Body {
  bytes = 0
  readonly dicom: DicomContent | undefined
  readonly names: FormNames | undefined
  readonly bundle: BundleType | undefined
  readonly results: ArrayLength | undefined
  readonly description: SelfDescription | undefined
  readonly #reader: BodyReader | undefined

  /** Something is in it that is not read. */
  readonly #isUnread: boolean

  /** `wrap` stands between the bytes and the reader. */
  constructor(reader: BodyReader | undefined, isUnread = false, wrap: (reader: BodyReader) => BodyReader = same => same) {
    this.#reader = reader === undefined ? undefined : wrap(reader)
    this.#isUnread = isUnread
    if (reader instanceof DicomContent) this.dicom = reader
    else if (reader instanceof FormNames) this.names = reader
    else if (reader instanceof BundleType) this.bundle = reader
    else if (reader instanceof ArrayLength) this.results = reader
    else if (reader instanceof SelfDescription) this.description = reader
  }

  feed(bytes: Buffer, from: number, to: number): void {
    this.bytes += to - from
    this.#reader?.feed(bytes, from, to)
  }

  gap(length: number): void {
    this.bytes += length
    this.#reader?.gap(length)
  }

  end(whole: boolean): void {
    this.#reader?.end(whole)
  }

  /** Not all that matters of it was looked at. */
  get isCut(): boolean {
    return this.#isUnread || (this.#reader instanceof Compressed && this.#reader.isCut) || this.limits.length > 0
  }

  /** Limits because of which that is so. */
  get limits(): readonly OverloadPolicy[] {
    const isTooLong = (this.#reader instanceof Compressed && this.#reader.isTooLong) || this.bundle?.isCut === true
    return [...(isTooLong ? (['http_body'] as const) : []), ...(this.dicom?.isCut === true ? (['http_head'] as const) : [])]
  }
}

/** The body of a request, and what is looked for in it. */
export function requestBody(fields: Fields, mediaType: MediaType | undefined, fhir: FhirTarget | undefined, limits: BodyLimits): Body {
  return createBody(fields, mediaType, limits, type => {
    if (fhir?.isFormSearch === true && type === 'application/x-www-form-urlencoded') return new FormNames()
    return fhir?.isBundle === true ? new BundleType(limits.body) : undefined
  })
}

/** The body of a response; `isSearch` when it answers a DICOMweb search; `description` takes it when the server may describe itself in it. */
export function responseBody(
  fields: Fields,
  mediaType: MediaType | undefined,
  isSearch: boolean,
  description: SelfDescription | undefined,
  limits: BodyLimits,
): Body {
  const body = description === undefined ? limits.body : Math.min(limits.body, DESCRIPTION_BYTES)
  return createBody(fields, mediaType, { ...limits, body }, type => (isSearch && /[/+]json$/.test(type) ? new ArrayLength() : description))
}

function createBody(
  fields: Fields,
  mediaType: MediaType | undefined,
  limits: BodyLimits,
  readerOf: (type: string) => BodyReader | undefined,
): Body {
  const coding = fields.get('content-encoding')?.toLowerCase() ?? 'identity'
  if (mediaType === undefined) return new Body(undefined)
  const reader = holdsDicom(mediaType) ? new DicomContent(mediaType, limits) : readerOf(mediaType.type)
  if (coding === 'identity') return new Body(reader)
  const decompress = CODINGS.get(coding)
  if (decompress === undefined) return new Body(undefined, reader !== undefined)
  return new Body(reader, false, inner => new Compressed(inner, decompress, limits.body))
}

/** DICOM files, alone or in parts, and the frames and metadata that come in parts too (PS3.18 §8.7.3). */
function holdsDicom({ type }: MediaType): boolean {
  return type === 'application/dicom' || type === 'multipart/related'
}

/** The type of a Bundle stands before its entries, which are long (FHIR R5 §2.36.1). */
const BUNDLE_TYPE = /"type"\s*:\s*"([a-z-]{1,32})"|<type\s+value\s*=\s*["']([a-z-]{1,32})["']/
/** Bytes after which the type is looked for first; then again whenever there are twice as many. */
const BUNDLE_HEAD = 1024

/** Tells a batch from a transaction by the beginning of a Bundle. */
export class BundleType implements BodyReader {
  /** Known when the body is over, if its beginning tells. */
  type: 'batch' | 'transaction' | undefined
  /** Its type was not among the bytes that are looked at. */
  isCut = false
  readonly #limit: number
  #head = ''
  #next = BUNDLE_HEAD
  #isOver = false

  constructor(limit: number) {
    this.#limit = limit
  }

  feed(bytes: Buffer, from: number, to: number): void {
    if (this.#isOver) return
    this.#head += bytes.toString('latin1', from, Math.min(to, from + this.#limit - this.#head.length))
    const isFull = this.#head.length >= this.#limit
    if (isFull || this.#head.length >= this.#next) this.#look(isFull)
  }

  /** What lies behind lost bytes is no beginning. */
  gap(): void {
    this.end()
  }

  end(): void {
    if (!this.#isOver) this.#look(false)
    this.#head = ''
    this.#isOver = true
  }

  #look(isFull: boolean): void {
    this.#next = this.#head.length * 2
    const found = BUNDLE_TYPE.exec(this.#head)
    const type = found?.[1] ?? found?.[2]
    if (type === 'batch' || type === 'transaction') this.type = type
    this.#isOver = isFull || type !== undefined
    this.isCut = isFull && type === undefined
  }
}

const [QUOTE, BACKSLASH, COMMA, SPACE] = [0x22, 0x5c, 0x2c, 0x20]
const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [0x5b, 0x5d, 0x7b, 0x7d]

/** Counts the elements of a JSON array, which a search answers with (PS3.18 §8.7.3.2). */
export class ArrayLength implements BodyReader {
  /** Known when the body is over; undefined where it is no array or was not seen whole. */
  length: number | undefined
  #elements = 0
  #depth = 0
  #inString = false
  #escaped = false
  /** Something stands in the array behind the last comma. */
  #hasElement = false
  #isArray: boolean | undefined

  feed(bytes: Buffer, from: number, to: number): void {
    for (let at = from; at < to && this.#isArray !== false; at++) this.#byte(bytes[at])
  }

  gap(): void {
    this.#isArray = false
  }

  end(whole: boolean): void {
    if (whole && this.#isArray === true && this.#depth === 0) this.length = this.#elements
  }

  #byte(byte: number): void {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false
      else if (byte === BACKSLASH) this.#escaped = true
      else if (byte === QUOTE) this.#inString = false
      return
    }
    if (byte <= SPACE) return
    this.#isArray ??= byte === OPEN_BRACKET
    if (this.#depth === 1) this.#atTop(byte)
    if (byte === QUOTE) this.#inString = true
    else if (byte === OPEN_BRACKET || byte === OPEN_BRACE) this.#depth++
    else if (byte === CLOSE_BRACKET || byte === CLOSE_BRACE) this.#depth--
  }

  #atTop(byte: number): void {
    if (byte === COMMA) this.#hasElement = false
    else if (!this.#hasElement && byte !== CLOSE_BRACKET) {
      this.#hasElement = true
      this.#elements++
    }
  }
}
