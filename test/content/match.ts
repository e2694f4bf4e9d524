import type { FieldTest, Match } from '../../src/content/rule.ts'
import type { EcsDocument, Json } from '../../src/normalize/event.ts'
import { valueAt } from '../golden/case.ts'

/** Whether an event meets a match. */
export function meets(event: EcsDocument, { all, any }: Match): boolean {
  const holds = (test: FieldTest): boolean => test.negated !== positive(event, test)
  return all.every(holds) && (any.length === 0 || any.some(group => group.every(holds)))
}

function positive(event: EcsDocument, { field, test }: FieldTest): boolean {
  const found = valueAt(event, field)
  const values: readonly Json[] = found === undefined ? [] : Array.isArray(found) ? found : [found]
  switch (test.kind) {
    case 'exists':
      return values.length > 0
    case 'equals':
      return test.values.some(wanted => values.includes(wanted))
    case 'starts_with':
      return values.some(value => String(value).startsWith(test.prefix))
    case 'at_least':
      return values.some(value => Number(value) >= test.number)
    case 'in_network':
      return values.some(value => test.networks.some(network => inNetwork(String(value), network)))
  }
}

/** IPv4 networks on the border of an octet. */
function inNetwork(address: string, network: string): boolean {
  const [base, bits] = network.split('/')
  const octets = Number(bits) / 8
  return address.split('.').slice(0, octets).join('.') === base.split('.').slice(0, octets).join('.')
}
