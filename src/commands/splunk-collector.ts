import { VERSION } from '../installation.ts'
import { networkVerdict } from '../outputs/failure.ts'
import { answerOf, HEC_CODES } from '../outputs/splunk-hec/codes.ts'
import type { SplunkHecSettings } from '../outputs/splunk-hec/settings.ts'
import { tlsOptions } from '../outputs/tls.ts'
import { exchange } from './http-exchange.ts'

/** What a collector says to a request without events: the token was looked at, and is good. */
const NO_DATA = 5
const CHANNEL = '00000000-0000-4000-8000-000000000000'

/** What is wrong with collector and token of an output, found out without sending an event. Throws `tls_file`. */
export async function collectorProblem(name: string, output: SplunkHecSettings): Promise<readonly string[]> {
  const { url, token, tls, timeout_seconds: seconds, acknowledge } = output
  const address = new URL(url)
  address.pathname = `${address.pathname.replace(/\/(services\/collector.*)?$/, '')}/services/collector/event`
  const headers = {
    authorization: `Splunk ${token.reveal()}`,
    'user-agent': `wardwire/${VERSION}`,
    ...(acknowledge ? { 'x-splunk-request-channel': CHANNEL } : {}),
  }
  const secure = address.protocol === 'https:' ? tlsOptions(tls, name) : {}
  try {
    const { status, text } = await exchange(address, { method: 'POST', headers, timeout: seconds * 1000, ...secure })
    const answer = answerOf({ status, body: parsed(text) })
    if (answer?.code === NO_DATA) return []
    const said = answer === undefined ? 'no event collector answers there' : HEC_CODES[answer.code].text
    return [`event collector ${url}: ${said} (${status})`]
  } catch (error) {
    const verdict = networkVerdict(error, url)
    return [`event collector ${'reason' in verdict ? verdict.reason : url}`]
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
