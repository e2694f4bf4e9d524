import { request as httpRequest, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'

/** What a server answered. */
export interface HttpAnswer {
  readonly status: number
  readonly text: string
}

/** One request and its whole answer. Rejects with the error of the network, or with `ETIMEDOUT` when nothing comes for `options.timeout` ms. */
export function exchange(url: URL, options: RequestOptions, content: Buffer | string = ''): Promise<HttpAnswer> {
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const request = send(url, options, response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }))
    })
    request.on('error', reject)
    request.on('timeout', () => request.destroy(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })))
    request.end(content)
  })
}
