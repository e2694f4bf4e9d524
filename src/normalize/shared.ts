import type { EcsDocument, Json } from './event.ts'

/**
 * Parts that many documents share (the sensor, a device, the ends of a flow) are the same object in each and never change,
 * so their JSON is made once. An empty string stands for one not made yet.
 */
const jsonOfPart = new WeakMap<object, string>()

/** Declare that a part is shared and will never change. */
export function share<Part extends object>(part: Part): Part {
  jsonOfPart.set(part, '')
  return part
}

/** `JSON.stringify(document)`, with the shared parts from memory. Names of groups are field names, so they need no escapes. */
export function encodeDocument(document: EcsDocument): string {
  let json = ''
  for (const key in document) {
    const value = document[key]
    if (value !== undefined) json += `${json === '' ? '{' : ','}"${key}":${encodePart(value)}`
  }
  return json === '' ? '{}' : `${json}}`
}

function encodePart(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const known = jsonOfPart.get(value)
  if (known === undefined) return JSON.stringify(value)
  if (known !== '') return known
  const json = JSON.stringify(value)
  jsonOfPart.set(value, json)
  return json
}
