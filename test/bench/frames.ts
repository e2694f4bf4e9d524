/** TCP flags. */
export const FLAG = { SYN: 0x02, SYN_ACK: 0x12, ACK: 0x10, PUSH: 0x18 } as const

/** One end of a conversation: IPv4 address and port. */
export interface End {
  readonly address: number
  readonly port: number
}

/** Ethernet II, IPv4 and TCP without options; checksums are left out, as with offloading network cards. */
export function tcpFrame(
  from: End,
  to: End,
  sequence: number,
  acknowledgment: number,
  flags: number,
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const frame = ipFrame(from, to, 6, 20 + payload.length)
  frame.writeUInt32BE(sequence >>> 0, 38)
  frame.writeUInt32BE(acknowledgment >>> 0, 42)
  frame.writeUInt8(0x50, 46)
  frame.writeUInt8(flags, 47)
  frame.writeUInt16BE(64_000, 48)
  payload.copy(frame, 54)
  return frame
}

/** Ethernet II, IPv4 and UDP. */
export function udpFrame(from: End, to: End, payload: Buffer): Buffer {
  const frame = ipFrame(from, to, 17, 8 + payload.length)
  frame.writeUInt16BE(8 + payload.length, 38)
  payload.copy(frame, 42)
  return frame
}

function ipFrame(from: End, to: End, protocol: number, length: number): Buffer {
  const frame = Buffer.alloc(34 + length)
  frame.writeUInt32BE(to.address, 2)
  frame.writeUInt32BE(from.address, 8)
  frame[0] = frame[6] = 0x02
  frame.writeUInt16BE(0x0800, 12)
  frame.writeUInt8(0x45, 14)
  frame.writeUInt16BE(20 + length, 16)
  frame.writeUInt8(64, 22)
  frame.writeUInt8(protocol, 23)
  frame.writeUInt32BE(from.address, 26)
  frame.writeUInt32BE(to.address, 30)
  frame.writeUInt16BE(from.port, 34)
  frame.writeUInt16BE(to.port, 36)
  return frame
}

/** A TCP conversation over which its two ends talk: frames with the right sequence and acknowledgment numbers. */
export class Connection {
  readonly #client: End
  readonly #server: End
  #sent = 1000
  #answered = 5000

  constructor(client: End, server: End) {
    this.#client = client
    this.#server = server
  }

  opened(): readonly Buffer[] {
    return [this.#fromClient(FLAG.SYN), this.#fromServer(FLAG.SYN_ACK), this.#fromClient(FLAG.ACK)]
  }

  sent(payload: Buffer): readonly Buffer[] {
    return [this.#fromClient(FLAG.PUSH, payload)]
  }

  answered(payload: Buffer): readonly Buffer[] {
    return [this.#fromServer(FLAG.PUSH, payload)]
  }

  #fromClient(flags: number, payload: Buffer = Buffer.alloc(0)): Buffer {
    const frame = tcpFrame(this.#client, this.#server, this.#sent, this.#answered, flags, payload)
    this.#sent += payload.length + (flags & FLAG.SYN ? 1 : 0)
    return frame
  }

  #fromServer(flags: number, payload: Buffer = Buffer.alloc(0)): Buffer {
    const frame = tcpFrame(this.#server, this.#client, this.#answered, this.#sent, flags, payload)
    this.#answered += payload.length + (flags & FLAG.SYN ? 1 : 0)
    return frame
  }
}
