import type { Settings } from '../settings.ts'

/** Checked settings of a config file. What reads such files is loaded here: without one, a command starts sooner. Throws `config_invalid`. */
export async function settingsFrom(file: string): Promise<Settings> {
  const { loadSettings } = await import('./check.ts')
  return loadSettings(file)
}
