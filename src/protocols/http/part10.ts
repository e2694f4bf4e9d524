import { isMarkedAsProgram } from '../executable.ts'
import type { BodyLimits } from './body.ts'
import type { MediaType } from './message.ts'
import { boundaryOf, MultipartReader } from './multipart.ts'

/** Preamble and prefix of a DICOM file: 128 bytes of anything, then `DICM` (PS3.10 §7.1). */
const PREAMBLE = 128
const HEAD = PREAMBLE + 4
const DICOM_FILE = 'application/dicom'

export type FileViolation = 'executable_preamble' | 'executable_content' | 'missing_dicm_prefix'

/**
 * What is wrong with the beginning of a DICOM file: a preamble that makes the file a program too (CVE-2019-11687), a program and no DICOM
 * file at all, or no DICOM prefix. The preamble of a TIFF file, which whole-slide images have, is as it should be.
 */
function violationOf(head: Buffer): FileViolation | undefined {
  const isDicom = head.length >= HEAD && head.toString('latin1', PREAMBLE, HEAD) === 'DICM'
  if (isMarkedAsProgram(head, 0, head.length)) return isDicom ? 'executable_preamble' : 'executable_content'
  return isDicom ? undefined : 'missing_dicm_prefix'
}

/** Counts the DICOM files and other parts of a body and looks at the beginning of each file. Keeps no more than that beginning. */
export class DicomContent {
  /** Parts that are DICOM files. */
  instances = 0
  /** Other parts: frames, bulk data, metadata. */
  parts = 0
  readonly violations = new Set<FileViolation>()
  /** A part was passed over. */
  isCut = false
  readonly #multipart: MultipartReader | undefined
  readonly #head = Buffer.allocUnsafe(HEAD)
  /** Bytes of the file's beginning so far; undefined when it is no file, was looked at, or part of it was lost. */
  #headBytes: number | undefined

  /** `mediaType` is that of the body: multipart, or of one file. */
  constructor(mediaType: MediaType, limits: BodyLimits) {
    const boundary = boundaryOf(mediaType)
    if (boundary === undefined) {
      if (mediaType.type === DICOM_FILE) this.#beginFile()
      return
    }
    const defaultType = mediaType.parameters.get('type')?.toLowerCase()
    this.#multipart = new MultipartReader(boundary, limits.head, {
      partStart: part => {
        if ((part?.type ?? defaultType) === DICOM_FILE) this.#beginFile()
        else this.parts++
      },
      partData: (bytes, from, to) => this.#fileData(bytes, from, to),
      partGap: () => {
        this.#headBytes = undefined
      },
      partEnd: () => this.#endFile(),
      partHeadTooLong: () => {
        this.isCut = true
      },
    })
  }

  feed(bytes: Buffer, from: number, to: number): void {
    if (this.#multipart === undefined) this.#fileData(bytes, from, to)
    else this.#multipart.feed(bytes, from, to)
  }

  gap(length: number): void {
    if (this.#multipart === undefined) this.#headBytes = undefined
    else this.#multipart.gap(length)
  }

  /** The body is over; `whole` when all of it was seen. */
  end(whole: boolean): void {
    if (!whole) this.#headBytes = undefined
    if (this.#multipart === undefined) this.#endFile()
    else this.#multipart.end()
  }

  #beginFile(): void {
    this.instances++
    this.#headBytes = 0
  }

  #fileData(bytes: Buffer, from: number, to: number): void {
    if (this.#headBytes === undefined) return
    this.#headBytes += bytes.copy(this.#head, this.#headBytes, from, Math.min(to, from + HEAD - this.#headBytes))
    if (this.#headBytes === HEAD) this.#endFile()
  }

  #endFile(): void {
    if (this.#headBytes === undefined) return
    const violation = violationOf(this.#head.subarray(0, this.#headBytes))
    if (violation !== undefined) this.violations.add(violation)
    this.#headBytes = undefined
  }
}
