import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { unsealSecrets } from '../../src/config/secret.ts'
import type { DeliveryPlan } from '../../src/outputs/delivery-messages.ts'
import { runDeliveryThread } from '../../src/outputs/delivery-thread.ts'

/** The delivery thread, which fails whenever a file `crash` appears in the folder of the queue. */
const plan = unsealSecrets(workerData) as DeliveryPlan
if (existsSync(join(plan.directory, 'crash-at-start'))) throw new Error('failed at the start')
setInterval(() => {
  const order = join(plan.directory, 'crash')
  if (!existsSync(order)) return
  rmSync(order)
  throw new Error('failed over WWPHI^PATIENT')
}, 20).unref()
if (parentPort !== null) await runDeliveryThread(parentPort, plan)
