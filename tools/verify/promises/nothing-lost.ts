import { facts as contracts } from '@cartwheel/contracts';
import type { Evidence, FactRecord, ParkedRow } from '../evidence.ts';
import { firstOccurrences, placeOf, typesBySubject } from '../log.ts';
import { judge, type Verdict } from '../verdict.ts';

/** 1. No committed message is lost; no message exists whose change was rolled back. */
export function nothingLost(evidence: Evidence): Verdict {
  const facts = [...firstOccurrences(evidence).values()];
  const waiting = evidence.outboxes.map(({ name, rows }) => `outbox of ${name}: ${rows} messages wait`);
  const late = [...waiting, ...numbers(evidence, facts), ...orderFacts(evidence, facts), ...changes(evidence, facts)];
  const detail = `${facts.length} facts of ${evidence.sequences.length} topics and subjects`;
  return judge(1, 'no message lost or made up', detail, { wrong: sharedNumbers(facts), late }, evidence.unrest);
}

/** One number of a topic and subject is one fact's. */
function sharedNumbers(facts: readonly FactRecord[]): string[] {
  return [...Map.groupBy(facts, (fact) => `${placeOf(fact)}: number ${fact.sequence}`)]
    .filter(([, same]) => same.length > 1)
    .map(([what, same]) => `${what} is ${same.map(({ id }) => id).join(' and ')}`);
}

/** A fact that the relay has set aside: committed, in no topic, and not lost. */
function isUnpublished({ consumer, source }: ParkedRow): boolean {
  return consumer === 'relay' && source === 'kafka';
}

/** The numbers that a service gave out, in its transactions, against those that the topic holds. */
function numbers({ sequences, parked }: Evidence, facts: readonly FactRecord[]): string[] {
  const offenders: string[] = [];
  const held = Map.groupBy(facts, placeOf);
  const setAside = Map.groupBy(parked.filter(isUnpublished), placeOf);
  for (const sequence of sequences) {
    const place = placeOf(sequence);
    const found = new Set<number>();
    for (const { sequence: number = 0, id, type } of held.get(place) ?? []) {
      if (number > sequence.last)
        offenders.push(`${place}: ${type} ${id} has number ${number}, given out were ${sequence.last}`);
      found.add(number);
    }
    const missing = Array.from({ length: sequence.last }, (_, index) => index + 1).filter(
      (number) => !found.has(number) && !setAside.get(place)?.some(({ sequence: own }) => own === number),
    );
    if (missing.length > 0) offenders.push(`${place}: lost number ${missing.join(', ')} of ${sequence.last}`);
    held.delete(place);
  }
  for (const [place, [fact]] of held) offenders.push(`${place}: ${fact?.type} ${fact?.id} was never numbered`);
  return offenders;
}

/** The order keeps the id of each announcement beside its event: the same ids must be in the topic, and no others. */
function orderFacts({ orders, parked }: Evidence, facts: readonly FactRecord[]): string[] {
  const announced = new Map(
    orders.flatMap(({ orderId, events }) =>
      events.map(({ factId, event }) => [factId, `${event.type} of order ${orderId}`] as const),
    ),
  );
  announced.delete(null);
  for (const { id } of parked.filter(isUnpublished)) announced.delete(id);
  const fromOrder = new Map(
    facts.filter(({ type }) => contracts[type].source === 'order').map((fact) => [fact.id, fact]),
  );
  return [
    ...[...announced]
      .filter(([id]) => !fromOrder.has(id!))
      .map(([id, what]) => `${what}: its fact ${id} is in no topic`),
    ...[...fromOrder.values()]
      .filter(({ id }) => !announced.has(id))
      .map(({ id, type }) => `${type} ${id} announces no event`),
  ];
}

/** The facts that each state implies. A voided payment may have been authorized before, or not. */
const ANNOUNCED: Record<string, readonly string[]> = {
  authorized: ['PaymentAuthorized'],
  declined: ['PaymentDeclined'],
  capturing: ['PaymentAuthorized'],
  captured: ['PaymentAuthorized', 'PaymentReceived'],
  refunding: ['PaymentAuthorized', 'PaymentReceived'],
  refunded: ['PaymentAuthorized', 'PaymentReceived', 'PaymentRefunded'],
  capture_failed: ['PaymentAuthorized', 'PaymentCaptureFailed'],
  voided: ['PaymentVoided'],
  reserved: ['StockReserved'],
  released: ['StockReserved', 'StockReleased'],
  shipped: ['StockReserved', 'StockShipped'],
  returned: ['StockReserved', 'StockShipped', 'StockReturned'],
};
const FINAL = [
  'PaymentDeclined',
  'PaymentReceived',
  'PaymentCaptureFailed',
  'PaymentVoided',
  'PaymentRefunded',
  'StockReserved',
  'StockReleased',
  'StockShipped',
  'StockReturned',
];

/** Payments and reservations against what was announced of them, both ways. */
function changes({ payments, reservations, parked }: Evidence, facts: readonly FactRecord[]): string[] {
  const states = new Map<string, Set<string>>();
  const rows = [...payments, ...reservations];
  for (const { orderId, state } of rows) states.set(orderId, (states.get(orderId) ?? new Set()).add(state));
  const announced = typesBySubject(facts);
  const unpublished = new Set(parked.filter(isUnpublished).map(({ subject }) => subject));
  const offenders: string[] = [];
  for (const [orderId, ownStates] of states) {
    const implied = [...ownStates].flatMap((state) => ANNOUNCED[state] ?? []);
    for (const type of new Set(implied)) {
      if (!announced.get(orderId)?.has(type) && !unpublished.has(orderId))
        offenders.push(`order ${orderId}: ${[...ownStates].join(', ')} without ${type}`);
    }
  }
  for (const { id, type, subject } of facts) {
    if (!FINAL.includes(type)) continue;
    const known = [...(states.get(subject) ?? [])].some((state) => ANNOUNCED[state]?.includes(type));
    if (!known) offenders.push(`${type} ${id} of order ${subject} announces no change`);
  }
  return offenders;
}
