import Joi from 'joi'
import { expect } from 'vitest'
import type { Direction, Flow } from '../../src/net/flow.ts'
import { ProtocolIdentifier } from '../../src/protocols/identify.ts'
import { createProtocols, type ProtocolSettings, protocolsSchema } from '../../src/protocols/index.ts'
import type { Observation } from '../../src/protocols/observation.ts'
import { sampleFlow } from '../normalize/samples.ts'

export const PROTOCOLS = createProtocols(Joi.attempt({}, protocolsSchema) as ProtocolSettings)

/** Bytes that one side of a conversation sent. */
export interface Said {
  readonly direction: Direction
  readonly bytes: Uint8Array
}

/** What is made of a conversation, cut in pieces of `size` bytes. A decoder that throws is an error. */
export function identified(said: readonly Said[], flow: Partial<Flow> = {}, size = Number.POSITIVE_INFINITY) {
  const observations: Observation[] = []
  const identifier = new ProtocolIdentifier(PROTOCOLS, {
    pseudonym: kind => kind,
    emit: observation => observations.push(observation),
    onFailure: (protocol, error) => {
      throw new Error(protocol, { cause: error })
    },
  })
  const on = sampleFlow({ serverPort: 9999, ...flow })
  for (const { direction, bytes } of said)
    for (let at = 0; at < bytes.length; at += size) {
      const piece = bytes.subarray(at, at + size)
      identifier.data(on, direction, piece, 0, piece.length, 1000)
    }
  const application = identifier.application(on)
  const view = identifier.seenAs(on)
  const facts = identifier.ended(on, 'closed', 2000)
  expect(identifier.application(on)).toBeUndefined()
  expect(identifier.seenAs(on)).toBe(on)
  return { application, view, facts, observations, flows: Object.fromEntries(identifier.flowsByProtocol) }
}
