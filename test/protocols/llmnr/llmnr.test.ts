import { describe, expect, test } from 'vitest'
import { llmnr } from '../../../src/protocols/llmnr/index.ts'
import { bytes, facts, hear, ip, word } from '../datagrams.ts'

const NAME = bytes(8, 'CT-CONSOLE'.slice(0, 8), 0)
const query = (type: number): Buffer => bytes(word(7, 0, 1, 0, 0, 0), NAME, word(type, 1))
const answer = bytes(word(7, 0x8000, 1, 1, 0, 0), NAME, word(1, 1), NAME, word(1, 1, 0, 30, 4), ip('10.0.0.5'))

describe('LLMNR', () => {
  test('a host that makes sure of its name', () => {
    const heard = hear(llmnr(), query(255))
    expect(facts(heard)).toEqual(['hostname: CT-CONSO [uniqueness query]'])
    expect(heard.identities[0]?.subject).toEqual({ mac: '02-00-00-00-00-05', address: '10.0.0.5' })
  })

  test('a host that answers', () => {
    const heard = hear(llmnr(), answer, { clientAddress: '10.0.0.9', serverAddress: '10.0.0.5', serverMac: '02-00-00-00-00-06' }, 1)
    expect(facts(heard)).toEqual(['hostname: CT-CONSO [answer]'])
    expect(heard.identities[0]?.subject).toEqual({ mac: '02-00-00-00-00-06', address: '10.0.0.5' })
  })

  test('a question for another host tells nothing', () => {
    expect(hear(llmnr(), query(1))).toEqual({ isOfProtocol: true, identities: [] })
    expect(hear(llmnr(), bytes('something else')).isOfProtocol).toBe(false)
  })
})
