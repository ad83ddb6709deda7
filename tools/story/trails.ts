import { isId } from '@cartwheel/primitives';
import type { Trail } from '@cartwheel/service';
import type { AnalyticsTrail } from '../../apps/analytics/src/tell-trail/tell-trail.ts';
import type { EmailTrail } from '../../apps/email/src/tell-trail/tell-trail.ts';
import type { InventoryTrail } from '../../apps/inventory/src/tell-trail/tell-trail.ts';
import type { OrderTrail } from '../../apps/order/src/tell-trail/tell-trail.ts';
import type { PaymentTrail } from '../../apps/payment/src/tell-trail/tell-trail.ts';
import { Friendly } from '../stack/friendly.ts';
import { type ServiceName, serviceNames, type Target } from '../verify/target.ts';

/** As it comes over HTTP: instants are ISO 8601. */
type Json<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? readonly Json<Item>[]
    : T extends object
      ? { readonly [K in keyof T]: Json<T[K]> }
      : T;

type Own = {
  order: OrderTrail;
  payment: PaymentTrail;
  inventory: InventoryTrail;
  email: EmailTrail;
  analytics: AnalyticsTrail;
};

export type ServiceTrail<Name extends ServiceName = ServiceName> = Json<Omit<Trail, 'own'>> & {
  readonly own: Json<Own[Name]>;
};

/** What each service says of an order; one that is missing did not answer, and `silent` says how that looked. */
export type Trails = {
  readonly orderId: string;
  /** Milliseconds since 1970, as the services' databases count them. */
  readonly now: number;
  readonly told: { readonly [Name in ServiceName]?: ServiceTrail<Name> };
  readonly silent: readonly { readonly service: ServiceName; readonly why: string }[];
};

const DEADLINE_MS = 5_000;

/** @throws Friendly when no service answers, or the token is not theirs */
export async function readTrails(target: Target, orderId: string, signal: AbortSignal): Promise<Trails> {
  const first = await ask(target, orderId, { of: serviceNames, ids: [] }, signal);
  const answers = serviceNames.filter((service) => first.told[service] !== undefined);
  if (answers.length === 0) throw new Friendly('No service of the shop answers: npm run up starts it.');
  // Who has taken a message is kept by the message's id alone, and only now are the ids known.
  const second = await ask(target, orderId, { of: answers, ids: idsIn(first) }, signal);
  return { ...second, told: { ...first.told, ...second.told }, silent: [...first.silent, ...second.silent] };
}

async function ask(
  target: Target,
  orderId: string,
  { of, ids }: { readonly of: readonly ServiceName[]; readonly ids: readonly string[] },
  signal: AbortSignal,
): Promise<Trails> {
  const query = new URLSearchParams({ orderId, ...(ids.length > 0 ? { messages: ids.join(',') } : {}) });
  const told: Record<string, ServiceTrail> = {};
  const silent: { service: ServiceName; why: string }[] = [];
  await Promise.all(
    of.map(async (service) => {
      const url = target.urls[service];
      try {
        const response = await fetch(`${url}/ops/trail?${query.toString()}`, {
          headers: { authorization: `Bearer ${target.opsToken}` },
          signal: AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]),
        });
        if (response.ok) told[service] = (await response.json()) as ServiceTrail;
        else if (response.status === 403) throw new Friendly(`${service} does not know us: is ${url} another shop's?`);
        else silent.push({ service, why: `answers ${response.status} at ${url}` });
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof Friendly) throw error;
        silent.push({ service, why: `does not answer at ${url}` });
      }
    }),
  );
  const clocks = Object.values(told).map(({ now }) => Date.parse(now));
  return { orderId, now: clocks.length > 0 ? Math.max(...clocks) : Date.now(), told, silent };
}

/** The messages of an order that the trails name. */
export function idsIn({ told }: Pick<Trails, 'told'>): string[] {
  const all = serviceNames.flatMap((service) => {
    const trail = told[service];
    return trail === undefined
      ? []
      : [
          ...trail.waiting.map(({ id }) => id),
          ...trail.parked.map(({ eventId }) => eventId),
          ...trail.attempts.map(({ taskId }) => taskId),
        ];
  });
  const events = told.order?.own.events ?? [];
  const named = [
    ...all,
    ...(told.analytics?.own.facts.map(({ id }) => id) ?? []),
    ...events.flatMap(({ factId, causationId }) => [factId ?? '', causationId]),
  ];
  return [...new Set(named)].filter(isId).slice(0, 200);
}
