/** What becomes of a step: it works; or the process dies right before it, or right after it. */
export type StepFate = 'works' | 'dies-before' | 'dies-after';

/**
 * What becomes of a call to the gateway, besides: no answer to what it did, no call at all, a failure without effect, or the
 * gateway has forgotten what it answered to this key before.
 */
export type Fate = StepFate | 'answer-lost' | 'away' | 'fails' | 'forgotten';

/** The end of a process. Nothing may catch it but whoever started the process. */
export class Died extends Error {
  override readonly name = 'Died';
}

/**
 * A worker between two of its steps. It goes on when it is told to, so that the model decides in which order the steps of all
 * that is under way happen, and what becomes of each.
 */
export class Running {
  /** How it ended: undefined while it has not. */
  end: { readonly error: unknown } | undefined;
  #goOn: ((fate: Fate) => void) | undefined;
  #arrived: (() => void) | undefined;

  /** `body` awaits `turn()` before each step. */
  async start(body: (turn: () => Promise<Fate>) => Promise<void>): Promise<void> {
    const turn = () =>
      new Promise<Fate>((resolve) => {
        this.#goOn = resolve;
        this.#arrived!();
      });
    await this.#until(() => {
      body(turn).then(
        () => this.#over(undefined),
        (error: unknown) => this.#over(error),
      );
    });
  }

  /** One step, with this fate, until the next one is due or there is none. */
  async step(fate: Fate): Promise<void> {
    await this.#until(() => this.#goOn!(fate));
  }

  #over(error: unknown) {
    this.end = { error };
    this.#arrived!();
  }

  #until(act: () => void): Promise<void> {
    return new Promise((resolve) => {
      this.#arrived = resolve;
      act();
    });
  }
}

/** Carries out a step of a database: a transaction has no fates but to be, or not, and to be the last that somebody did. */
export async function underFate<T>(fate: Fate, work: () => Promise<T>): Promise<T> {
  if (fate === 'dies-before') throw new Died();
  const result = await work();
  if (fate === 'dies-after') throw new Died();
  return result;
}
