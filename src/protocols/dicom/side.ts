import type { Direction } from '../../net/flow.ts'
import type { BufferPool } from './buffer-pool.ts'
import type { Command } from './command.ts'
import type { Encoding } from './dataset.ts'
import type { Place } from './dialogue.ts'
import { type DatasetHead, MessageAssembler, type MessageSink } from './message.ts'
import { PduReader, type PduSink } from './pdu.ts'
import type { DicomSettings } from './settings.ts'

/** Limits of what is kept of the bytes of one side. */
export type DicomOverload = 'dicom_association_buffer' | 'dicom_command' | 'dicom_control_pdu'

/** What the two sides of a connection report to the session. */
export interface SideHandler {
  control(direction: Direction, type: number, reserved: number, data: Buffer, at: Place): void
  dataPdu(direction: Direction, length: number, reserved: number, start: number, streamOffset: number): void
  command(direction: Direction, command: Command, contextId: number, at: Place): void
  dataset(direction: Direction, head: DatasetHead, contextId: number, end: number): void
  encoding(contextId: number): Encoding | undefined
  violation(code: string): void
  overload(policy: DicomOverload): void
}

/** What one side of a connection sends: its PDUs, and the messages that their fragments make up. */
export class Side implements PduSink, MessageSink {
  readonly reader: PduReader
  readonly assembler: MessageAssembler
  readonly #direction: Direction
  readonly #handler: SideHandler

  constructor(direction: Direction, midstream: boolean, settings: DicomSettings, pool: BufferPool, handler: SideHandler) {
    this.#direction = direction
    this.#handler = handler
    this.reader = new PduReader(settings.max_control_pdu_bytes, midstream, this)
    this.assembler = new MessageAssembler(
      {
        headLimit: settings.dataset_header_bytes,
        commandLimit: settings.max_command_bytes,
        hashes: settings.instance_hashes,
        pool,
      },
      this,
    )
  }

  control(type: number, reserved: number, data: Buffer, start: number, end: number, streamOffset: number): void {
    this.#handler.control(this.#direction, type, reserved, data, { start, end, streamOffset })
  }

  dataPdu(length: number, reserved: number, start: number, streamOffset: number): void {
    this.#handler.dataPdu(this.#direction, length, reserved, start, streamOffset)
    this.assembler.at(start, streamOffset)
  }

  fragmentStart(contextId: number, flags: number): void {
    this.assembler.fragmentStart(contextId, flags)
  }

  fragmentData(data: Uint8Array, offset: number, length: number): void {
    this.assembler.fragmentData(data, offset, length)
  }

  fragmentEnd(end: number): void {
    this.assembler.fragmentEnd(end)
  }

  lost(): void {
    this.assembler.reset()
  }

  damaged(): void {
    this.assembler.damaged()
  }

  overlong(): void {
    this.#handler.overload('dicom_control_pdu')
  }

  command(command: Command, contextId: number, start: number, end: number, streamOffset: number): void {
    this.#handler.command(this.#direction, command, contextId, { start, end, streamOffset })
  }

  dataset(head: DatasetHead, contextId: number, end: number): void {
    this.#handler.dataset(this.#direction, head, contextId, end)
  }

  encoding(contextId: number): Encoding | undefined {
    return this.#handler.encoding(contextId)
  }

  violation(code: string): void {
    this.#handler.violation(code)
  }

  commandOverlong(): void {
    this.#handler.violation('command_too_long')
    this.#handler.overload('dicom_command')
  }

  overfull(): void {
    this.#handler.overload('dicom_association_buffer')
  }
}
