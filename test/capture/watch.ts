// Watches a source as `wardwire run` does, until SIGTERM, and tells what came:   node test/capture/watch.ts SETTINGS-AS-JSON STATE-FOLDER
// Lines on standard output: `ready`, then how many packets came so far, in the end one JSON object.
import { openCapture } from '../../src/capture/index.ts'
import { captureSchema } from '../../src/capture/settings.ts'
import { WardwireError } from '../../src/telemetry/error.ts'
import { Collector } from './collector.ts'

const [settings = '{}', state = '.'] = process.argv.slice(2)
const controller = new AbortController()
process.on('SIGTERM', () => controller.abort())
const collector = new Collector()
try {
  const source = await openCapture(captureSchema.validate(JSON.parse(settings)).value, state)
  process.stdout.write('ready\n')
  const progress = setInterval(() => process.stdout.write(`${collector.packets.length}\n`), 50)
  const end = await source.run(collector, controller.signal, () => undefined)
  clearInterval(progress)
  const packets = collector.packets.map(packet => ({ ...packet, frame: Buffer.from(packet.frame, 'latin1').toString('base64') }))
  process.stdout.write(`${JSON.stringify({ end, packets, interfaces: source.interfaces, dropped: source.statistics.dropped })}\n`)
} catch (error) {
  if (!(error instanceof WardwireError)) throw error
  process.stdout.write(`${JSON.stringify({ error: { code: error.code, message: error.message, mend: error.mend } })}\n`)
}
