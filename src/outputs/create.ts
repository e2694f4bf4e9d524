import type { OutputSettings } from './index.ts'
import type { Output, OutputContext } from './output.ts'

/** Make an output. A client library is loaded only where it is used. Rejects with a `WardwireError` when its settings cannot work. */
export async function createOutput(name: string, settings: OutputSettings, context: OutputContext): Promise<Output> {
  switch (settings.type) {
    case 'file':
      return (await import('./file/index.ts')).createFileOutput(name, settings, context)
    case 'stdout':
      return (await import('./stdout/index.ts')).createStdoutOutput(name, settings)
    case 'syslog':
      return (await import('./syslog/index.ts')).createSyslogOutput(name, settings, context)
    case 'elasticsearch':
      return (await import('./elasticsearch/index.ts')).createElasticsearchOutput(name, settings, context)
    case 'splunk-hec':
      return (await import('./splunk-hec/index.ts')).createSplunkHecOutput(name, settings, context)
  }
}
