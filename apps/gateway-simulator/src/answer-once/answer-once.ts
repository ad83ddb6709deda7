/*
 * Prevents  a request that is sent again from moving money again.
 * How       the answer is stored under the caller's key in the transaction of the effect, and is given again,
 *           byte for byte, to whoever asks with that key.
 * Promises  1. same key, same request: one effect, one answer, also across restarts, be it 200, 402 or 500
 *           2. same key, another request: idempotency_error
 *           3. same key while the first is still at work: 409, at once
 *           4. refused before it began (unreadable, unknown, in conflict): not stored, the key is still free
 * Costs     "at work" is known in memory only. That is enough: a process that dies at work has committed nothing.
 *           5. a key is forgotten after its lifetime: what comes under it then is a new request
 * Not here  Stripe keeps keys per account. These are shared by all callers.
 * Proof     answer-once.spec.ts, gateway.int.spec.ts
 */
import type { Movement } from '../domain/intent.ts';
import { causeOf } from '../log.ts';
import type { Log } from '../log.ts';
import { asRefusal, internalError, Refusal } from '../refusal.ts';
import { inTransaction } from '../store.ts';
import type { Store } from '../store.ts';

/** What a webhook tells: Stripe's name for it, and the object that it is about. */
export type News = Readonly<{ type: string; object: object }>;

/** What an operation did. Without a movement no money was held, moved or asked for. */
export type Outcome = Readonly<{
  status: number;
  body: object;
  movement?: Movement | undefined;
  news?: News | undefined;
}>;

/** `outcome` is there when this call did the work, and absent when the answer came from the store. */
export type Given = Readonly<{ status: number; json: string; replayed: boolean; outcome?: Outcome }>;

type Request = Readonly<{ key: string | null; fingerprint: string }>;
type Prepare = () => Promise<() => Outcome>;

export class AnswerOnce {
  readonly #store: Store;
  readonly #log: Log;
  readonly #keyLifetimeMs: number;
  readonly #atWork = new Set<string>();

  constructor(store: Store, log: Log, keyLifetimeMs: number) {
    this.#store = store;
    this.#log = log;
    this.#keyLifetimeMs = keyLifetimeMs;
  }

  /** `prepare` validates and may take its time; what it returns runs in the transaction. */
  async answer(request: Request, prepare: Prepare): Promise<Given> {
    const { key } = request;
    if (key === null) return this.#carryOut(request, prepare);
    const replay = this.#replay(key, request.fingerprint);
    if (replay) return replay;
    if (this.#atWork.has(key)) throw keyInUse();
    this.#atWork.add(key);
    try {
      return await this.#carryOut(request, prepare);
    } finally {
      this.#atWork.delete(key);
    }
  }

  async #carryOut(request: Request, prepare: Prepare): Promise<Given> {
    const perform = await prepare();
    try {
      return inTransaction(this.#store, () => {
        const outcome = perform();
        return { ...this.#keep(request, outcome.status, outcome.body), outcome };
      });
    } catch (error) {
      const refusal = asRefusal(error);
      if (refusal && !refusal.kept) throw refusal;
      if (refusal) return this.#keep(request, refusal.status, { error: refusal.error });
      this.#log('failure', causeOf(error));
      return this.#keep(request, 500, { error: internalError });
    }
  }

  #keep({ key, fingerprint }: Request, status: number, body: object): Given {
    const json = JSON.stringify(body);
    if (key !== null) {
      this.#store
        .prepare(
          `INSERT OR REPLACE INTO answers (idempotency_key, fingerprint, status, body, kept_at) VALUES (?, ?, ?, ?, ?)`,
        )
        .run(key, fingerprint, status, json, Date.now());
    }
    return { status, json, replayed: false };
  }

  #replay(key: string, fingerprint: string): Given | undefined {
    const kept = this.#store
      .prepare('SELECT fingerprint, status, body FROM answers WHERE idempotency_key = ? AND kept_at > ?')
      .get(key, Date.now() - this.#keyLifetimeMs);
    if (!kept) return undefined;
    if (kept['fingerprint'] !== fingerprint) throw otherRequest();
    return { status: Number(kept['status']), json: String(kept['body']), replayed: true };
  }
}

const keyInUse = () =>
  new Refusal(409, {
    type: 'invalid_request_error',
    code: 'idempotency_key_in_use',
    message: 'Another request with this Idempotency-Key is still at work. Ask again later.',
  });

const otherRequest = () =>
  new Refusal(400, {
    type: 'idempotency_error',
    message: 'This Idempotency-Key was first used with another endpoint or other parameters.',
  });
