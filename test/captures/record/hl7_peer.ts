// node-hl7 as both sides: hl7_peer.ts serve PORT CODE [certificates] | send|batch|tls PEER PORT FILE…
import { readFileSync } from 'node:fs'
import { Batch, Client, Message } from 'node-hl7-client'
import { Server } from 'node-hl7-server'

type Code = 'AA' | 'AE' | 'AR'

const [command, ...rest] = process.argv.slice(2)
if (command === 'serve') serve(Number(rest[0]), rest[1] as Code, rest[2])
else await send(command ?? '', rest[0] ?? '', Number(rest[1]), rest.slice(2))

function serve(port: number, code: Code, certificates: string | undefined): void {
  const tls =
    certificates === undefined
      ? undefined
      : { key: readFileSync(`${certificates}/server.key`), cert: readFileSync(`${certificates}/server.crt`), rejectUnauthorized: false }
  const server = new Server({ bindAddress: '0.0.0.0', ...(tls ? { tls } : {}) })
  server.createInbound({ port }, async (_request, response) => {
    await response.sendResponse(code)
  })
}

async function send(kind: string, host: string, port: number, files: readonly string[]): Promise<void> {
  const client = new Client({ host, ...(kind === 'tls' ? { tls: { rejectUnauthorized: false } } : {}) })
  const messages = files.map(file => new Message({ text: readFileSync(file, 'utf8').trim().replaceAll('\n', '\r') }))
  let waiting: (() => void) | undefined
  const connection = client.createConnection({ port, waitAck: false }, () => waiting?.())
  const answered = async (unit: Message | Batch): Promise<void> => {
    const answer = new Promise<void>(resolve => {
      waiting = resolve
      setTimeout(resolve, 3000).unref()
    })
    await connection.sendMessage(unit)
    await answer
  }
  if (kind === 'batch') {
    const batch = new Batch()
    batch.start()
    for (const message of messages) batch.add(message)
    batch.end()
    await answered(batch)
  } else for (const message of messages) await answered(message)
  await connection.close()
  process.exit(0)
}
