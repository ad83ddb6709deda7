import { Logger } from '@nestjs/common';
import { attributes, metrics, observe, outside } from '@cartwheel/observability';
import {
  bulkhead,
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  ExponentialBackoff,
  handleWhen,
  isBrokenCircuitError,
  isBulkheadRejectedError,
  isIsolatedCircuitError,
  isTaskCancelledError,
  timeout,
  TimeoutStrategy,
  wrap,
} from 'cockatiel';
import Stripe from 'stripe';

/** Twice what eight workers need: webhooks ask too, and must not take the workers' place. */
const CALLS_AT_ONCE = 16;
const CALLS_WAITING = 16;
const FAILURES_TO_OPEN = 6;
/** How long an open circuit stays so before one call tries: longer each time. */
const TRY_AGAIN_MS = { initialDelay: 1_000, maxDelay: 30_000 };
/** The last rung of the retry ladder: no task waits longer for anything. */
const LONGEST_HOLD_MS = 300_000;

/** As the gauge has it. Isolated is open: after a 429 nothing is sent for a while. */
const SHOWN: Record<CircuitState, number> = {
  [CircuitState.Closed]: 0,
  [CircuitState.HalfOpen]: 1,
  [CircuitState.Open]: 2,
  [CircuitState.Isolated]: 2,
};

/**
 * Stands before every call to the gateway, questions included.
 *
 * Prevents: workers that all wait for a gateway that is away, and a gateway that is asked the harder the worse it gets.
 * How: so many calls at once · after six outages in a row none is sent, but for one that tries · each has its time ·
 *   after a 429 none is sent before its Retry-After.
 * Promises: 1. a call that is not sent throws like one that was not answered: in both cases nothing is known. 2. A refusal
 *   of a card or a request is no outage.
 * Costs: when it opens, a payment that could have been answered waits a rung of the ladder longer.
 * Not here: repeating a call; that is the ladder's.
 * Proof: gateway-circuit.spec.ts, answers.int.spec.ts
 */
export class GatewayCircuit {
  readonly #logger = new Logger('gateway');
  readonly #breaker = circuitBreaker(handleWhen(isOutage), {
    breaker: new ConsecutiveBreaker(FAILURES_TO_OPEN),
    halfOpenAfter: new ExponentialBackoff(TRY_AGAIN_MS),
  });
  readonly #policy;

  constructor(timeoutMs: number) {
    const limits = bulkhead(CALLS_AT_ONCE, CALLS_WAITING);
    this.#policy = wrap(limits, this.#breaker, timeout(timeoutMs, TimeoutStrategy.Aggressive));
    this.#breaker.onStateChange((state) =>
      this.#logger.warn({ msg: 'circuit to the gateway', state: CircuitState[state] }),
    );
    observe([metrics.circuitState], () => [
      {
        metric: metrics.circuitState,
        value: SHOWN[this.#breaker.state],
        attributes: { [attributes.circuit]: 'gateway' },
      },
    ]);
  }

  /** `operation` names the call in metrics. @throws what `call` threw, or what `circuitRefusal` has a word for */
  async call<T>(operation: string, call: () => Promise<T>): Promise<T> {
    try {
      const of = { [attributes.gatewayOperation]: operation };
      return await outside(`gateway ${operation}`, metrics.gatewayDuration, of, () => this.#policy.execute(call));
    } catch (error) {
      if (error instanceof Stripe.errors.StripeRateLimitError) this.#holdFor(retryAfterMs(error));
      throw error;
    }
  }

  #holdFor(ms: number): void {
    if (ms === 0) return;
    const { dispose } = this.#breaker.isolate();
    setTimeout(dispose, ms).unref();
  }
}

/** Why a call was not sent, or not waited for. */
export function circuitRefusal(error: unknown): string {
  if (isIsolatedCircuitError(error)) return 'rate_limited';
  if (isBrokenCircuitError(error)) return 'circuit_open';
  if (isBulkheadRejectedError(error)) return 'too_many_calls';
  return isTaskCancelledError(error) ? 'timed_out' : 'unreachable';
}

function isOutage(error: unknown): boolean {
  if (isTaskCancelledError(error) || error instanceof Stripe.errors.StripeConnectionError) return true;
  return error instanceof Stripe.errors.StripeError && (error.statusCode ?? 0) >= 500;
}

/** Stripe's header is in seconds. None, or one that is no number: the ladder alone decides. */
function retryAfterMs({ headers }: { headers?: Record<string, string> | undefined }): number {
  const seconds = Number(headers?.['retry-after'] ?? 0);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds * 1_000, LONGEST_HOLD_MS) : 0;
}
