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
import { look } from './look.ts';
import { silentServices, waitUntilAtRest, type WaitOptions } from './rest.ts';
import type { Target } from './target.ts';
import type { Verdict } from './verdict.ts';

export { renderVerdicts } from './render.ts';
export { type Target } from './target.ts';
export { failuresOf, hasFailed, type Verdict } from './verdict.ts';

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
 * Decides whether the shop's promises hold, by reading. First waits until nothing is under way. Of a shop that stays at work,
 * and does not have less to do any more, only what no later moment can mend is told as broken.
 * @throws Friendly when something cannot be read
 */
export async function verify(target: Target, options: WaitOptions): Promise<Verdict[]> {
  const shop = await connect(target);
  try {
    const { rest, waiting } = await waitUntilAtRest(() => look(shop), options);
    const silent = rest === 'at rest' ? [] : await silentServices(shop);
    // A service that is away may still have something in its hand: it will go on when it is back.
    const isOver = rest === 'at rest' || (rest === 'stuck' && silent.length === 0);
    const unrest = isOver ? [] : [...waiting, ...silent];
    if (isOver && rest === 'stuck') options.onProgress?.(`nothing will move this any more: ${waiting.join(', ')}`);
    options.onProgress?.('reading databases, topics, queues, ledger and mailbox');
    return decide(await gather(shop, unrest));
  } finally {
    await shop.close();
  }
}

/** Of `npm run verify`. 2 is for a shop that could not be read. */
export function exitCodeOf(verdicts: readonly Verdict[]): 0 | 1 | 3 {
  if (verdicts.some(({ verdict }) => verdict === 'broken')) return 1;
  return verdicts.some(({ verdict }) => verdict === 'not at rest') ? 3 : 0;
}

export function decide(evidence: Evidence): Verdict[] {
  return promises.map((promise) => tellUnrest(promise(evidence), evidence.unrest));
}

/** Why is said in full under the promise that all orders end, which a shop at work has not kept yet. */
function tellUnrest(verdict: Verdict, unrest: readonly string[]): Verdict {
  if (unrest.length === 0) return verdict;
  if (verdict.promise === 7)
    return { ...verdict, verdict: 'not at rest', detail: `${verdict.detail}; ${unrest.join(', ')}` };
  return verdict.verdict === 'not at rest' ? { ...verdict, detail: `${verdict.detail}; see 7` } : verdict;
}
