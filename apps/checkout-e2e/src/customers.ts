import { type OrderApi, orderClient } from '@cartwheel/client';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

type Order = OrderApi['schemas']['Checkout'];
export type Customers = ReturnType<typeof customers>;

const PATIENCE_MS = 90_000;
/** One that is frozen takes the connection and says nothing. */
const ANSWER_WITHIN_MS = 3_000;

const goods = ['mug-blue', 'mug-white', 'bowl-large', 'plate-small', 'teapot'];

/** Of ten orders seven are good, some of two products; one has a declined card, one wants what is sold out, one both. */
function order(n: number): Order {
  const sku = (at: number) => goods[at % goods.length]!;
  const kind = n % 10;
  const items = kind > 7 ? [{ sku: 'clock-oak', quantity: 1 }] : [{ sku: sku(n), quantity: 1 }];
  if (kind === 1 || kind === 2) items.push({ sku: sku(n + kind), quantity: 1 });
  return {
    customer: { name: 'Ada Moreau', email: 'ada@example.com' },
    items,
    payment: { paymentMethod: kind === 7 || kind === 9 ? 'pm_card_visa_chargeDeclined' : 'pm_card_visa' },
  };
}

/**
 * Load: people who place orders over HTTP, each at its moment, until they are asked to stop. Who gets no 202 repeats the
 * request under its key, at the next of the `doors`, as a client should; one in five repeats it after the 202 too.
 */
export function customers(doors: () => readonly string[], { perSecond = 10 } = {}) {
  const stopping = new AbortController();
  const open: Promise<void>[] = [];
  /** Every order that a customer was told of, by its key. */
  const told = new Map<string, Set<string>>();
  let refused = 0;
  let gone = false;

  const ask = async (n: number, key: string, body: Order): Promise<string> => {
    for (let attempt = n, deadline = Date.now() + PATIENCE_MS; Date.now() < deadline && !gone; attempt += 1) {
      const [status, answer] = await post(doors()[attempt % doors().length]!, key, body);
      if (status === 202) return answer.orderId!;
      // Ours may be under way still: we gave it up, the service did not.
      if (status >= 400 && status < 500 && answer.code !== 'idempotency-key-in-use')
        throw new Error(`checkout was refused: ${status} ${answer.code}`);
      refused += 1;
      await sleep(100, undefined, { ref: false });
    }
    throw new Error(`no answer to a checkout within ${PATIENCE_MS / 1000} s`);
  };
  const buy = async (n: number) => {
    const key = randomUUID();
    const body = order(n);
    const answers = new Set([await ask(n, key, body)]);
    if (n % 5 === 0) answers.add(await ask(n + 1, key, body));
    told.set(key, answers);
  };
  const running = (async () => {
    for (let n = 0, begun = Date.now(); !stopping.signal.aborted; n += 1) {
      const bought = buy(n);
      // Reported when all of them are awaited.
      bought.catch(() => undefined);
      open.push(bought);
      const next = begun + ((n + 1) * 1000) / perSecond - Date.now();
      await sleep(next, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);
    }
  })();

  return {
    /** With `using`: none of them outlives a test that failed. */
    [Symbol.dispose]() {
      gone = true;
      stopping.abort();
    },
    /** Returns when the last of them has its answer. @throws when one was refused for good */
    async stop(): Promise<void> {
      stopping.abort();
      await running;
      await Promise.all(open);
    },
    /** The orders they were told of. @throws when one request was answered with two */
    get orderIds(): string[] {
      const twice = [...told.values()].find((answers) => answers.size > 1);
      if (twice) throw new Error(`one key, and two orders: ${[...twice].join(', ')}`);
      return [...told.values()].flatMap((answers) => [...answers]).toSorted();
    },
    /** Requests without an answer, or with a 5xx. */
    get refused() {
      return refused;
    },
  };
}

/** The status and the answer; 0 when nobody answered in time. */
async function post(door: string, key: string, body: Order): Promise<[number, { orderId?: string; code?: string }]> {
  try {
    const { data, error, response } = await orderClient(door).POST('/checkout', {
      params: { header: { 'Idempotency-Key': key } },
      body,
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    return [response.status, data ?? error];
  } catch {
    return [0, {}];
  }
}
