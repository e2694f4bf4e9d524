import { describe, expect, test } from 'vitest'
import { Secret, sealSecrets, unsealSecrets } from '../../src/config/secret.ts'

describe('secrets on their way to another thread', () => {
  test('are secrets again on the other side', () => {
    const settings = { outputs: { siem: { token: new Secret('hunter2'), hosts: ['a', new Secret('b')], port: 1, ca: undefined } } }
    const copy = unsealSecrets(structuredClone(sealSecrets(settings))) as typeof settings
    const { token, hosts, port } = copy.outputs.siem
    expect(token).toBeInstanceOf(Secret)
    expect(token.reveal()).toBe('hunter2')
    expect((hosts[1] as Secret).reveal()).toBe('b')
    expect(port).toBe(1)
    expect(JSON.stringify(copy)).not.toContain('hunter2')
  })
})
