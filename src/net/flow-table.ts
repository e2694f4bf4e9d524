import type { FlowState } from './flow-state.ts'

/**
 * Flows by an integer hash of both ends, and by age. Chains and the age list are links in the flows themselves, so that looking up and
 * touching a flow allocates nothing.
 */
export class FlowTable {
  readonly #buckets = new Map<number, FlowState>()
  #oldest: FlowState | undefined
  #newest: FlowState | undefined
  size = 0

  /** First flow with that hash; the others follow by `next`. */
  first(hash: number): FlowState | undefined {
    return this.#buckets.get(hash)
  }

  get oldest(): FlowState | undefined {
    return this.#oldest
  }

  add(flow: FlowState): void {
    flow.next = this.#buckets.get(flow.hash)
    this.#buckets.set(flow.hash, flow)
    this.#append(flow)
    this.size++
  }

  remove(flow: FlowState): void {
    const first = this.#buckets.get(flow.hash)
    if (first === flow) {
      if (flow.next === undefined) this.#buckets.delete(flow.hash)
      else this.#buckets.set(flow.hash, flow.next)
    } else {
      let before = first
      while (before !== undefined && before.next !== flow) before = before.next
      if (before === undefined) return
      before.next = flow.next
    }
    flow.next = undefined
    this.#unlink(flow)
    this.size--
  }

  /** The flow is the latest that something happened on. */
  touch(flow: FlowState): void {
    if (flow === this.#newest) return
    this.#unlink(flow)
    this.#append(flow)
  }

  #append(flow: FlowState): void {
    flow.older = this.#newest
    flow.newer = undefined
    if (this.#newest !== undefined) this.#newest.newer = flow
    this.#newest = flow
    this.#oldest ??= flow
  }

  #unlink(flow: FlowState): void {
    if (flow.older !== undefined) flow.older.newer = flow.newer
    else this.#oldest = flow.newer
    if (flow.newer !== undefined) flow.newer.older = flow.older
    else this.#newest = flow.older
    flow.older = undefined
    flow.newer = undefined
  }
}
