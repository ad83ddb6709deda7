import { connect } from './connections.ts';
import type { Evidence } from './evidence.ts';
import { gather } from './gather.ts';
import { appliedOnce } from './promises/applied-once.ts';
import { contractsAndCauses } from './promises/contracts.ts';
import { mails } from './promises/mails.ts';
import { moneyAddsUp } from './promises/money.ts';
import { nothingLost } from './promises/nothing-lost.ts';
import { nothingPersonal } from './promises/nothing-personal.ts';
import { oneEnd } from './promises/one-end.ts';
import { orderPerKey } from './promises/order-per-key.ts';
import { cancelledHoldsNothing, everyOrderEnds } from './promises/orders-end.ts';
import { readModels } from './promises/read-models.ts';
import { sameKeySameOrder } from './promises/same-key.ts';
import { stockAddsUp } from './promises/stock.ts';
import { silentServices, waitUntilAtRest, type WaitOptions } from './rest.ts';
import type { Target } from './target.ts';
import type { Verdict } from './verdict.ts';

export { renderVerdicts } from './render.ts';
export { type Target } from './target.ts';
export { type Verdict } from './verdict.ts';

/** The promises in the order of the list in docs; each looks at what was read, and reads nothing itself. */
const promises: readonly ((evidence: Evidence) => Verdict)[] = [
  nothingLost,
  appliedOnce,
  orderPerKey,
  oneEnd,
  moneyAddsUp,
  stockAddsUp,
  everyOrderEnds,
  cancelledHoldsNothing,
  sameKeySameOrder,
  readModels,
  contractsAndCauses,
  nothingPersonal,
  mails,
];

/**
 * Decides whether the shop's promises hold, by reading. First waits until nothing is under way, or the time is over: then
 * what is still under way is told with whatever it breaks.
 * @throws Friendly when something cannot be read
 */
export async function verify(target: Target, options: WaitOptions): Promise<Verdict[]> {
  const shop = await connect(target);
  try {
    const reasons = await waitUntilAtRest(shop, options);
    const unrest = reasons.length > 0 ? [...reasons, ...(await silentServices(shop))] : [];
    options.onProgress?.('reading databases, topics, queues, ledger and mailbox');
    return decide(await gather(shop, unrest));
  } finally {
    await shop.close();
  }
}

export function decide(evidence: Evidence): Verdict[] {
  return promises.map((promise) => tellUnrest(promise(evidence), evidence.unrest));
}

/** In full where it matters most; whatever else is broken may be so for the same reason. */
function tellUnrest(verdict: Verdict, unrest: readonly string[]): Verdict {
  if (unrest.length === 0) return verdict;
  const note = verdict.promise === 7 ? `; not at rest: ${unrest.join(', ')}` : '; not at rest, see 7';
  const concerns = verdict.verdict === 'broken' || verdict.promise === 7;
  return concerns ? { ...verdict, detail: `${verdict.detail}${note}` } : verdict;
}
