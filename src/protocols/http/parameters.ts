/**
 * Parameters of a query or of a form body: name [ "=" value ] *( "&" name [ "=" value ] ), percent-encoded, "+" for a blank
 * (application/x-www-form-urlencoded).
 */
export interface Parameter {
  readonly name: string
  readonly value: string
}

const MAX_PARAMETERS = 128
const MAX_NAME = 128
const EQUALS = 0x3d
const AMPERSAND = 0x26

/**
 * The parameters of a query in clear: to be looked at, never to be passed on. What has no `=` is left out: it may as well be the rest of a
 * value with an ampersand in it.
 */
export function readParameters(query: string): readonly Parameter[] {
  return query
    .split('&', MAX_PARAMETERS)
    .filter(part => part.includes('='))
    .map(part => {
      const equals = part.indexOf('=')
      return { name: formText(part.slice(0, equals)), value: formText(part.slice(equals + 1)) }
    })
}

function formText(text: string): string {
  return decoded(text.replaceAll('+', ' '))
}

/** Text without percent-encoding; as it is where that is malformed. */
export function decoded(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The names in a form body, as it comes in. Values are passed over. */
export class FormNames {
  readonly names: string[] = []
  #name = ''
  #inValue = false

  feed(bytes: Buffer, from: number, to: number): void {
    for (let at = from; at < to; at++) {
      const byte = bytes[at]
      if (byte === AMPERSAND) this.#nextParameter()
      else if (byte === EQUALS) this.#inValue = true
      else if (!this.#inValue && this.#name.length <= MAX_NAME) this.#name += String.fromCharCode(byte)
    }
  }

  /** Bytes were lost: what follows may be the middle of a value. */
  gap(): void {
    this.#name = ''
    this.#inValue = true
  }

  end(): void {
    this.#nextParameter()
  }

  /** A name without `=` behind it may as well be a value. */
  #nextParameter(): void {
    if (this.#inValue && this.#name !== '' && this.#name.length <= MAX_NAME && this.names.length < MAX_PARAMETERS)
      this.names.push(formText(this.#name))
    this.#name = ''
    this.#inValue = false
  }
}
