/** What is asked of the gateway. */
export type Operation = 'create' | 'authorize' | 'capture' | 'void' | 'refund';

/**
 * `n` is the number in the idempotency key. It is raised only when the attempt under the present one is known to have had no
 * effect. `refused`: how often the gateway said no, and `refusal`: in which words the last time.
 */
export type Attempt = { readonly n: number; readonly refused: number; readonly refusal?: string };

export type Attempts = Readonly<Partial<Record<Operation, Attempt>>>;

export const NO_ATTEMPT: Attempt = { n: 1, refused: 0 };
