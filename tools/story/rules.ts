import type { ServiceName } from '../verify/target.ts';
import type { Attempt, Life, Message, Parked } from './life.ts';
import { reasonOf, span, times } from './words.ts';

/** One message on its way to one reader: a consumer group, or the workers of a queue. */
export type Hop = {
  readonly life: Life;
  readonly message: Message;
  readonly reader: string;
  /** The service that the reader belongs to. */
  readonly service: ServiceName;
};

/** Why a message has not come further, and what a person can do about it. */
export type Finding = {
  readonly rule: string;
  readonly text: string;
  readonly todo?: string;
  /** The rows (`payment/12`) and the services that this speaks of, so that they are not spoken of twice. */
  readonly about?: readonly string[];
};

type Rule = readonly [name: string, says: (hop: Hop) => Omit<Finding, 'rule'> | undefined];

/** Whom the workers of a queue talk to. */
export const OUTSIDE: Readonly<Record<string, string>> = {
  'payment.card': 'the gateway',
  'email.message': 'the mail server',
};

/** How long a message may be on its way before that is worth a sentence of its own. */
const PATIENCE_MS = 2_000;

/** In the order of a message's way; the first that speaks is where it is. */
const rules: readonly Rule[] = [
  [
    'in the outbox',
    ({ message: { waiting, type, from }, life }) => {
      if (!waiting) return undefined;
      const broker = waiting.channel === 'kafka' ? 'Kafka' : 'RabbitMQ';
      const age = life.now - waiting.since;
      if (age < PATIENCE_MS) return { text: `${type} is about to leave ${from}'s outbox for ${broker}` };
      const others = waiting.ahead === 0 ? '' : `, behind ${waiting.ahead} more`;
      return {
        text: `${type} has waited ${span(age)} in ${from}'s outbox for ${broker} to take it${others}`,
        todo: `See whether ${broker} is up. Once it is, ${from} publishes what waits by itself.`,
      };
    },
  ],
  [
    'dead',
    (hop) => {
      const dead = atReader(hop).find(({ state }) => state === 'dead');
      return dead && { text: `${hop.message.type} ${deadWords(dead)}`, todo: todoOf(dead), about: [placeOf(dead)] };
    },
  ],
  [
    'discarded',
    ({ life, message, reader, service }) => {
      const acts = life.trails[service]?.actions ?? [];
      const last = acts.findLast(({ id, consumer }) => id === message.id && consumer === reader);
      if (last?.action !== 'discard') return undefined;
      const ago = span(life.now - Date.parse(last.at));
      return { text: `${message.type} was discarded at ${reader} by an operator, ${ago} ago` };
    },
  ],
  [
    'parked',
    (hop) => {
      const own = atReader(hop)[0];
      if (!own) return undefined;
      const { life, message, reader } = hop;
      if (own.errorClass === null) return behind(hop, own);
      const next = inTime(own.nextAttemptAt - life.now);
      const why = reasonOf(own.errorMessage ?? own.errorClass);
      return {
        text: `${message.type} is parked at ${reader}: it failed ${times(own.attempts)}, last: ${why}; next attempt ${next}`,
        todo: `npm run dead-letters -- show ${placeOf(own)}`,
        about: [placeOf(own)],
      };
    },
  ],
  [
    'reader silent',
    ({ life, message, reader, service }) => {
      const silent = life.silent.find((one) => one.service === service);
      if (!silent || isTaken(message, reader)) return undefined;
      return {
        text: `${service} ${silent.why} and reads nothing`,
        todo: `Start ${service} again (npm run up starts the whole shop and keeps its data).`,
        about: [service],
      };
    },
  ],
  [
    'tried',
    ({ life, message: { type, attempts } }) => {
      const last = attempts.at(-1);
      if (last?.outcome !== 'retry') return undefined;
      const next = inTime((last.nextAt ?? life.now) - life.now);
      return { text: `${type} was tried ${times(attempts.length)}, ${failures(attempts)}; next attempt ${next}` };
    },
  ],
  [
    'at work',
    ({ life, message: { type, attempts }, reader }) => {
      const last = attempts.at(-1);
      if (!last || last.to !== undefined) return undefined;
      const age = life.now - last.from;
      const silent = age < PATIENCE_MS ? '' : `, and ${OUTSIDE[reader] ?? 'nobody'} has not answered yet`;
      const died = age > 60_000 ? ' (or its worker died)' : '';
      const before = attempts.length > 1 ? `, before that: ${reasonOf(attempts.at(-2)!.error)}` : '';
      return { text: `${type} has been under way for ${span(age)}${died}, attempt ${last.n}${silent}${before}` };
    },
  ],
  [
    'not taken',
    ({ life, message, reader, service }) => {
      // Dead and not kept any more: it was replayed, and is in its queue again.
      const last = message.attempts.at(-1);
      if (isTaken(message, reader) || (last && last.outcome !== 'dead')) return undefined;
      const again = life.trails[service]?.actions.findLast(
        ({ id, action }) => id === message.id && action === 'replay',
      );
      const age = life.now - (again ? Date.parse(again.at) : message.at);
      const text =
        message.kind === 'task'
          ? `${message.type} is in the queue ${reader}, and no worker has begun it for ${span(age)}`
          : `${service} has not read ${message.type} yet, after ${span(age)}`;
      return age < PATIENCE_MS ? { text } : { text, todo: 'npm run lag shows how far behind the readers are.' };
    },
  ],
];

/** Where a message is on its way to a reader; undefined: it has arrived, and what it asks for is done. */
export function look(hop: Hop): Finding | undefined {
  for (const [rule, says] of rules) {
    const found = says(hop);
    if (found) return { rule, ...found };
  }
  return undefined;
}

/** Why the last attempt failed, and the one before it that failed for another reason. */
function failures(attempts: readonly Attempt[]): string {
  const last = attempts.at(-1)?.error;
  const other = attempts.findLast(({ error }) => error !== last);
  return `last: ${reasonOf(last)}${other ? `, before that: ${reasonOf(other.error)}` : ''}`;
}

/** Also what the relay set aside because its broker refused it. */
function atReader({ message, reader }: Hop): Parked[] {
  return message.parked.filter(({ consumer }) => consumer === reader || consumer === 'relay');
}

export function deadWords({ consumer, service, position, attempts, errorClass, errorMessage }: Parked): string {
  const why = reasonOf(errorMessage ?? errorClass ?? undefined);
  return `is a dead letter at ${consumer} (${service}/${position}) after ${attempts} attempt${attempts === 1 ? '' : 's'}: ${why}`;
}

export function placeOf({ service, position }: Pick<Parked, 'service' | 'position'>): string {
  return `${service}/${position}`;
}

function todoOf(row: Parked): string {
  return `npm run dead-letters -- show ${placeOf(row)} (then replay or discard it)`;
}

/** Nothing is wrong with it: it waits for an earlier message of its key. */
function behind({ life, message }: Hop, own: Parked): Omit<Finding, 'rule'> {
  const before = life.messages
    .flatMap(({ type, parked }) => parked.map((row) => ({ ...row, type })))
    .filter(
      ({ consumer, position, errorClass }) =>
        consumer === own.consumer && position < own.position && errorClass !== null,
    );
  const first = before.find(({ state }) => state === 'dead') ?? before[0];
  if (!first) return { text: `${message.type} waits at ${own.consumer} behind an earlier message of this order` };
  const text = `${message.type} waits at ${own.consumer} behind ${first.type}`;
  const about = [placeOf(first), placeOf(own)];
  if (first.state === 'dead') return { text: `${text}, which ${deadWords(first)}`, todo: todoOf(first), about };
  const next = inTime(first.nextAttemptAt - life.now);
  const why = reasonOf(first.errorMessage ?? first.errorClass ?? undefined);
  return { text: `${text}, which failed ${times(first.attempts)}: ${why}; next attempt ${next}`, about };
}

function isTaken({ taken }: Message, reader: string): boolean {
  return taken.some(({ by }) => by === reader);
}

function inTime(ms: number): string {
  if (ms >= 0) return `in ${span(ms)}`;
  return ms > -PATIENCE_MS ? 'now' : `due since ${span(-ms)}`;
}
