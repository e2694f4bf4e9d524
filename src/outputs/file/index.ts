import type { QueuedEvent } from '../../queue/queue.ts'
import { batchLimits } from '../batch.ts'
import { formatLine } from '../format.ts'
import type { Output, OutputContext, Verdict } from '../output.ts'
import { AppendFile } from './append-file.ts'
import { moveAside, tidy } from './rotation.ts'
import type { FileSettings } from './settings.ts'

export { type FileSettings, fileSchema, folderOutputs } from './settings.ts'

/** How lines of ours begin: tells a torn line from the text of somebody else. */
const BEGINNINGS: Readonly<Record<FileSettings['format'], string>> = { ndjson: '{"', cef: 'CEF:0|', leef: 'LEEF:2.0|' }
const HOUR_MS = 3_600_000

const WORDS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'no permission to write there',
  EPERM: 'the system does not permit it',
  EROFS: 'the file system is read-only',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is not a folder',
  EEXIST: 'a part of the path is not a folder',
  ENOTFILE: 'it is not a regular file',
  EIO: 'the disk reports an error',
}

/** Events into a file, one a line. An event counts as delivered when the disk has it (fdatasync). */
export function createFileOutput(name: string, settings: FileSettings, context: OutputContext): Output {
  return new FileOutput(name, settings, context)
}

class FileOutput implements Output {
  readonly type = 'file'
  readonly name: string
  readonly limits: Output['limits']
  readonly #settings: FileSettings
  readonly #log: OutputContext['log']
  readonly #closing = new AbortController()
  #file: AppendFile | undefined
  #tidying: Promise<void> = Promise.resolve()

  constructor(name: string, settings: FileSettings, context: OutputContext) {
    this.name = name
    this.limits = batchLimits(settings.batch)
    this.#settings = settings
    this.#log = context.log
  }

  async send(events: readonly QueuedEvent[]): Promise<Verdict> {
    const { format, path } = this.#settings
    const block = Buffer.from(events.map(event => `${formatLine(event, format)}\n`).join(''))
    try {
      const file = await this.#current()
      await file.append(block)
    } catch (error) {
      return { kind: 'retry', reason: `${path}: ${reasonOf(error)}` }
    }
    return { kind: 'done', rejected: new Map(), retry: [] }
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#tidying
    await this.#file?.close()
    this.#file = undefined
  }

  /** The file to write to: opened, still the one that the path names, and neither too large nor too old. */
  async #current(): Promise<AppendFile> {
    if (this.#file !== undefined && !(await this.#file.isCurrent())) await this.#release()
    this.#file ??= await this.#open()
    if (!this.#isDue(this.#file)) return this.#file
    await this.#rotate()
    this.#file ??= await this.#open()
    return this.#file
  }

  async #open(): Promise<AppendFile> {
    const file = await AppendFile.open(this.#settings.path, BEGINNINGS[this.#settings.format])
    if (this.#rotates) this.#tidyUp()
    return file
  }

  async #release(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }

  get #rotates(): boolean {
    return this.#settings.rotate_bytes > 0 || this.#settings.rotate_hours > 0
  }

  #isDue({ size, created }: AppendFile): boolean {
    const { rotate_bytes, rotate_hours } = this.#settings
    if (size === 0) return false
    return (rotate_bytes > 0 && size >= rotate_bytes) || (rotate_hours > 0 && Date.now() - created >= rotate_hours * HOUR_MS)
  }

  /** Where the file cannot be moved it just grows on. */
  async #rotate(): Promise<void> {
    try {
      await moveAside(this.#settings.path, new Date())
      await this.#release()
    } catch (error) {
      this.#log.warn('The file of an output cannot be rotated and grows on', {
        'file.path': this.#settings.path,
        'event.reason': reasonOf(error),
      })
    }
  }

  /** In the background, one after the other: events do not wait for a compressor. */
  #tidyUp(): void {
    const { path } = this.#settings
    this.#tidying = this.#tidying
      .then(() => tidy(path, this.#settings, this.#closing.signal))
      .catch(error => {
        if (!this.#closing.signal.aborted)
          this.#log.warn('Rotated files cannot be compressed or removed', { 'file.path': path, 'event.reason': reasonOf(error) })
      })
  }
}

function reasonOf(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException
  const words = WORDS[code]
  return words === undefined ? message : `${words} (${code})`
}
