import type { Life } from './life.ts';
import { OUTSIDE } from './rules.ts';
import { decisive, type Step } from './steps.ts';
import { reasonOf, span, times } from './words.ts';

type Reason = 'payment-declined' | 'stock-short' | 'timed-out' | 'capture-failed' | 'customer';

/** Each reason of a cancellation, in words, with what the services know about it. */
const reasons: Readonly<Record<Reason, (life: Life) => string>> = {
  'payment-declined': (life) => `the card was declined${inBrackets(failureCode(life))}`,
  'stock-short': (life) => `stock was short${inBrackets(noteOf(life, 'StockRejected'))}`,
  'capture-failed': (life) => {
    const refused = life.trails.payment?.own.payment?.attempts.capture?.refused ?? 0;
    const often = refused === 0 ? '' : ` ${times(refused)}`;
    return `the gateway refused to pay out${often}${inBrackets(failureCode(life))}`;
  },
  customer: () => 'the customer asked for it',
  'timed-out': (life) => {
    const missing = decisive.placed.flatMap((step) => missed(life, step) ?? []);
    return `nobody answered in time${missing.length > 0 ? `: ${missing.join('; ')}` : ''}`;
  },
};

export function whyCancelled(life: Life): string {
  const event = life.trails.order?.own.events.find(({ type }) => type === 'OrderCancelled');
  const reason = event?.reason ?? noteOf(life, 'OrderCancelled');
  return reason !== undefined && reason in reasons ? reasons[reason as Reason](life) : 'the order service knows why';
}

/** What was missing of a step when the order's time was up; undefined when its answer had come. */
function missed(life: Life, step: Step): string | undefined {
  const up = life.messages.find(({ type }) => type === 'OrderCancelled')?.at ?? life.now;
  const fact = life.messages.find(({ type }) => type === step.asks);
  const answer = life.messages.find(({ type }) => (step.answers as readonly string[]).includes(type));
  if (answer && answer.at <= up) {
    const taken = answer.taken.find(({ by }) => by === 'order')?.at;
    if (taken !== undefined && taken <= up) return undefined;
    return `${answer.type} was there in time, and the order had not read it`;
  }
  const silent = life.silent.find(({ service }) => service === step.by);
  if (silent) return `${step.by} ${silent.why}`;
  const read = fact?.taken.find(({ by }) => by === step.by)?.at;
  if (read === undefined) return `${step.by} has not read ${step.asks}`;
  if (read > up) return `${step.by} read ${step.asks} only ${span(read - up)} after that`;
  const task = life.messages.find(({ type }) => type === step.task);
  const before = task?.attempts.filter(({ from }) => from <= up) ?? [];
  const last = before.at(-1);
  if (!last) return step.task ? `${step.task} was not begun` : `${step.by} did not answer`;
  const late = answer ? `${answer.type} came ${span(answer.at - up)} too late` : undefined;
  if (last.to === undefined || last.to > up) {
    return `${step.task} was under way, and ${OUTSIDE['payment.card']!} had not answered${late ? `; ${late}` : ''}`;
  }
  return `${step.task} had been tried ${times(before.length)} in vain, last: ${reasonOf(last.error)}`;
}

function failureCode(life: Life): string | undefined {
  const noted = noteOf(life, 'PaymentDeclined') ?? noteOf(life, 'PaymentCaptureFailed');
  return life.trails.payment?.own.payment?.failureCode ?? noted;
}

function noteOf(life: Life, type: string): string | undefined {
  return life.messages.find((message) => message.type === type)?.note || undefined;
}

function inBrackets(text: string | undefined): string {
  return text === undefined ? '' : ` (${text})`;
}
