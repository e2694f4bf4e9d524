import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Joi from 'joi'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { recordHeader, recordPairs } from '../../../src/normalize/record.ts'
import { createSyslogOutput, type SyslogSettings, syslogSchema } from '../../../src/outputs/syslog/index.ts'
import { deliver, documentOf, queuedEvents, testContext } from '../../outputs/harness.ts'
import {
  describePeer,
  freePorts,
  listens,
  makeCertificates,
  ndjson,
  type PeerProcess,
  peerFolder,
  removeFolder,
  startPeer,
  until,
} from '../../peers/peer.ts'
import { rsyslogMissing } from '../../peers/rsyslog.ts'

interface Line {
  readonly time: string
  readonly sensor: string
  readonly cef: { readonly SignatureID: string; readonly Name: string; readonly Extensions: Readonly<Record<string, string>> }
}

const SHIPPED = join(import.meta.dirname, '..', '..', '..', 'config', 'rsyslog', 'wardwire.conf')

/** The shipped configuration with the paths and the port of this test. */
function configuration(folder: string, port: number): string {
  const text = readFileSync(SHIPPED, 'utf8')
    .replaceAll('/etc/rsyslog.d/wardwire/', `${folder}/`)
    .replaceAll('/var/log/wardwire/', `${folder}/out/`)
    .replace('port="6514"', `address="127.0.0.1" port="${port}"`)
  return `global(workDirectory="${folder}")\n${text}`
}

describePeer('config/rsyslog/wardwire.conf', rsyslogMissing(), () => {
  let folder: string
  let port: number
  let rsyslog: PeerProcess

  beforeAll(async () => {
    folder = peerFolder('receiver')
    makeCertificates(folder)
    mkdirSync(join(folder, 'out'))
    const [free] = await freePorts(1)
    port = free
    writeFileSync(join(folder, 'rsyslog.conf'), configuration(folder, port))
    rsyslog = await startPeer('rsyslog-config.sh', [join(folder, 'rsyslog.conf')], () => listens(port))
  })
  afterAll(async () => {
    await rsyslog?.stop()
    removeFolder(folder)
  })

  test('makes JSON of every event that comes over TLS', async () => {
    const events = queuedEvents()
    const settings = {
      type: 'syslog',
      host: 'localhost',
      port,
      protocol: 'tls',
      max_message_bytes: 32_768,
      tls: { ca_file: join(folder, 'ca.pem') },
    }
    const output = createSyslogOutput('syslog', Joi.attempt(settings, syslogSchema) as SyslogSettings, testContext())
    await deliver(output, events)
    const lines = (): readonly Line[] => ndjson<Line>(join(folder, 'out', 'events.ndjson'))
    await until(`${events.length} lines`, () => lines().length >= events.length)
    await output.close()
    for (const [index, { cef, sensor, time }] of lines().entries()) {
      const document = documentOf(events[index])
      const { classId, name } = recordHeader(document)
      expect(cef).toMatchObject({ SignatureID: classId, Name: name })
      expect(sensor).toBe('sensor01')
      expect(Date.parse(time)).toBe(Math.floor(events[index].time / 1000))
      for (const { key, value } of recordPairs(document)) expect(cef.Extensions[key]).toBe(value)
    }
    expect(ndjson(join(folder, 'out', 'unparsed.log'))).toEqual([])
  })
})
