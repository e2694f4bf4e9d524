import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { EcsDocument } from '../../src/normalize/event.ts'
import { replayEvents } from '../../src/sensor.ts'
import { valueAt } from '../golden/case.ts'
import { TSHARK_IS_MISSING } from './tshark.ts'

const RECORDED = join(import.meta.dirname, '..', 'captures', 'recorded')
/** Descriptions of devices hold nothing clinical. */
const FILES = readdirSync(RECORDED).filter(name => /^http-(?!upnp).*\.pcap$/.test(name))
const PORTS = [8042, 8080]
/** Targets of the recordings that are DICOMweb or FHIR, as opposed to pages of the same servers. */
const CLINICAL = /^\/(dicom-web\/|wado\?|fhir(?:\/|\?|$)|studies\/|instances\/|[\w/-]+\/studies\?)/

/** `method status` of every clinical request as tshark sees them: requests and responses of a connection paired by their order. */
function tsharkTestimony(file: string): readonly string[] {
  const decodeAs = PORTS.flatMap(port => ['-d', `tcp.port==${port},http`])
  const fields = ['tcp.stream', 'http.request.method', 'http.request.uri', 'http.response.code'].flatMap(field => ['-e', field])
  const args = ['-2', '-r', file, ...decodeAs, '-Y', 'http', '-T', 'fields', ...fields, '-E', 'separator=/t', '-E', 'aggregator=|']
  const lines = execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  const streams = new Map<string, { readonly requests: string[]; readonly codes: string[] }>()
  for (const line of lines.trim().split('\n')) {
    const [stream, methods, targets, codes] = line.split('\t')
    const known = streams.get(stream) ?? { requests: [], codes: [] }
    streams.set(stream, known)
    const target = targets.split('|')
    known.requests.push(...methods.split('|').flatMap((method, index) => (method === '' ? [] : [`${method} ${target[index]}`])))
    known.codes.push(...codes.split('|').filter(code => code !== ''))
  }
  return [...streams.values()].flatMap(({ requests, codes }) =>
    requests.flatMap((request, index) => {
      const [method, target] = request.split(' ')
      return CLINICAL.test(target) ? [`${method} ${codes[index]}`] : []
    }),
  )
}

function sensorTestimony(documents: readonly EcsDocument[]): readonly string[] {
  return documents
    .filter(document => ['dicomweb-request', 'fhir-interaction'].includes(String(valueAt(document, 'event.action'))))
    .flatMap(document => {
      const said = `${valueAt(document, 'http.request.method')} ${valueAt(document, 'http.response.status_code')}`
      return Array<string>(Number(valueAt(document, 'dicom.web.requests') ?? 1)).fill(said)
    })
}

describe.skipIf(TSHARK_IS_MISSING)('tshark agrees on HTTP (skipped where tshark is not installed)', () => {
  test('there is something to agree on', () => expect(FILES.length).toBeGreaterThan(10))

  test.each(FILES)('on methods and status codes of %s', async name => {
    const file = join(RECORDED, name)
    const theirs = tsharkTestimony(file)
    expect(theirs.length).toBeGreaterThan(0)
    expect(sensorTestimony(await replayEvents([file])).toSorted()).toEqual(theirs.toSorted())
  })
})
