/** Waits as long as the engine wants to hold a reader back, but not beyond a stop. */
export async function paced(pace: Promise<void> | undefined, signal: AbortSignal): Promise<void> {
  if (pace === undefined || signal.aborted) return
  await new Promise<void>(resolve => {
    const goOn = (): void => {
      signal.removeEventListener('abort', goOn)
      resolve()
    }
    signal.addEventListener('abort', goOn, { once: true })
    pace.then(goOn, goOn)
  })
}
