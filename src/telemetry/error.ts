/**
 * An error that an operator can act on. `code` is stable and can be searched for; `message` names what is wrong and where;
 * `mend` says what to do about it. Never put wire payload or a secret into any of them.
 */
export class WardwireError extends Error {
  readonly code: string
  readonly mend: string | undefined

  constructor(code: string, message: string, options: { readonly mend?: string; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'WardwireError'
    this.code = code
    this.mend = options.mend
  }
}
