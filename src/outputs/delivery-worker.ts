import { parentPort, workerData } from 'node:worker_threads'
import { unsealSecrets } from '../config/secret.ts'
import type { DeliveryPlan } from './delivery-messages.ts'
import { runDeliveryThread } from './delivery-thread.ts'

/** Entry of the delivery thread; `startDelivery` starts it. */
if (parentPort !== null) await runDeliveryThread(parentPort, unsealSecrets(workerData) as DeliveryPlan)
