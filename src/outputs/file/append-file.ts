import { constants, type FileHandle, mkdir, open, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** What is read back at most to find the last whole line. */
const TAIL_BYTES = 1024 * 1024
const LF = 0x0a
/** Appended to whoever else writes there, and readable for the group, as logs are. */
const FLAGS = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT
const MODE = 0o640

/** A file to which whole blocks of lines are appended durably. */
export class AppendFile {
  readonly #path: string
  readonly #file: FileHandle
  readonly #inode: number
  /** When the file was made, ms since 1970 UTC. */
  readonly created: number
  #size: number
  #torn = false

  private constructor(
    path: string,
    file: FileHandle,
    found: { readonly ino: number; readonly size: number; readonly birthtimeMs: number },
  ) {
    this.#path = path
    this.#file = file
    this.#inode = found.ino
    this.#size = found.size
    this.created = found.birthtimeMs || Date.now()
  }

  /**
   * Open or make the file and its folder. A last line that a crash has torn is cut off when it begins like a line of ours (it was
   * never acknowledged and will come again), else ended. Rejects with the error of the system.
   */
  static async open(path: string, beginning: string): Promise<AppendFile> {
    const made = await mkdir(dirname(path), { recursive: true })
    const file = await open(path, FLAGS, MODE)
    try {
      const found = await file.stat()
      if (!found.isFile()) throw Object.assign(new Error('not a regular file'), { code: 'ENOTFILE' })
      if (found.size === 0) await syncFolder(dirname(path))
      if (made !== undefined) await syncFolder(dirname(made))
      const appendable = new AppendFile(path, file, found)
      await appendable.#endLastLine(beginning)
      return appendable
    } catch (error) {
      await file.close()
      throw error
    }
  }

  get size(): number {
    return this.#size
  }

  /** Write the block and wait until the disk has it. When that fails nothing of the block stays in the file. */
  async append(block: Uint8Array): Promise<void> {
    if (this.#torn) await this.#cut()
    try {
      for (let written = 0; written < block.length; ) written += (await this.#file.write(block, written)).bytesWritten
      await this.#file.datasync()
    } catch (error) {
      this.#torn = true
      await this.#cut().catch(() => undefined)
      throw error
    }
    this.#size += block.length
  }

  /** False when the path names another file by now, or someone has shortened it: open it again. */
  async isCurrent(): Promise<boolean> {
    try {
      const { ino, size } = await stat(this.#path)
      return ino === this.#inode && size >= this.#size
    } catch {
      return false
    }
  }

  async close(): Promise<void> {
    await this.#file.close()
  }

  /** Back to the end of the last whole block. */
  async #cut(): Promise<void> {
    const { size } = await this.#file.stat()
    if (size > this.#size) await this.#file.truncate(this.#size)
    this.#torn = false
  }

  async #endLastLine(beginning: string): Promise<void> {
    const tail = Buffer.alloc(Math.min(TAIL_BYTES, this.#size))
    await this.#file.read(tail, 0, tail.length, this.#size - tail.length)
    const torn = tail.subarray(tail.lastIndexOf(LF) + 1)
    if (torn.length === 0) return
    const head = torn.toString('latin1', 0, beginning.length)
    if (torn.length < TAIL_BYTES && beginning.startsWith(head)) {
      this.#size -= torn.length
      await this.#file.truncate(this.#size)
    } else {
      await this.append(Buffer.from('\n'))
    }
  }
}

/** Make entries of a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
