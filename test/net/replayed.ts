import Joi from 'joi'
import { openCaptureFile } from '../../src/capture/file.ts'
import type { RawPacket } from '../../src/capture/source.ts'
import type { FlowHandler } from '../../src/net/flow.ts'
import { netSchema } from '../../src/net/settings.ts'
import { NetworkStage } from '../../src/net/stage.ts'

/** Gives the packets of a capture to the net stage, and what it makes of them, to its end, to `handler`. */
export async function replayThrough(file: string, handler: FlowHandler): Promise<void> {
  const stage = new NetworkStage(Joi.attempt({}, netSchema), handler)
  let last = 0
  const sink = {
    packet: (packet: RawPacket) => {
      last = packet.time
      stage.packet(packet)
    },
  }
  await openCaptureFile(file).run(sink, new AbortController().signal, () => undefined)
  stage.finish(last)
}
