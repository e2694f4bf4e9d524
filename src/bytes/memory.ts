const NONE = Buffer.alloc(0)

/**
 * The memory that bytes lie in, as a Buffer and a DataView of all of it: the segments of many packets lie in one block of a capture, for which
 * these are made once.
 */
export class Memory {
  bytes: Buffer = NONE
  view: DataView = new DataView(NONE.buffer)

  /** Look at the memory of `part`; gives where `part` begins in it. */
  hold(part: Uint8Array): number {
    if (this.bytes.buffer !== part.buffer) {
      this.bytes = Buffer.from(part.buffer)
      this.view = new DataView(part.buffer)
    }
    return part.byteOffset
  }
}
