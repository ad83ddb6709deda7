import { Friendly } from '../stack/friendly.ts';
import { type ServiceName, serviceNames } from '../verify/target.ts';
import { NoAnswer, type Place, placeOf, serviceOf, type Shop } from './shop.ts';

/** What was given on the command line. */
export type Values = Record<string, string | undefined> & {
  readonly flags: ReadonlySet<string>;
  readonly words: readonly string[];
};

const text = { type: 'string' } as const;
export const filterOptions = {
  service: text,
  consumer: text,
  type: text,
  key: text,
  error: text,
  since: text,
  until: text,
};

/** The messages that were named, or all dead ones that the filters select; by service, oldest first, each once. */
export async function selected(shop: Shop, values: Values, words: readonly string[]): Promise<Place[]> {
  const filtered = Object.keys(filterOptions).some((name) => values[name] !== undefined);
  if (words.length > 0) {
    if (filtered || values.flags.has('all')) throw new Friendly('Name messages or give filters, not both.');
    const named = new Map(words.map((word) => [word, placeOf(word)]));
    return [...named.values()].sort((a, b) => a.service.localeCompare(b.service) || a.position - b.position);
  }
  if (filtered === values.flags.has('all')) throw new Friendly('Which? Name messages, or give filters, or --all.');
  // All of them before the first is touched: a task that fails again comes back under a new number.
  const found = await ofEach(servicesOf(values), (service) => shop.listAll(service, filterOf(values)));
  return found.flat();
}

/** Asks every service; who does not answer is told, and the others still count. @throws Friendly when a filter is refused */
export async function ofEach<T>(
  services: readonly ServiceName[],
  ask: (service: ServiceName) => Promise<T>,
): Promise<T[]> {
  const answers = await Promise.all(
    services.map((service) =>
      ask(service).catch((error: unknown) => {
        if (!(error instanceof NoAnswer)) throw error;
        process.exitCode = 1;
        console.error(error.message);
        return undefined;
      }),
    ),
  );
  return answers.filter((answer) => answer !== undefined);
}

/** What the services are asked for. @throws Friendly */
export function filterOf({ consumer, type, key, error, since, until }: Values): Record<string, string> {
  const filter = { consumer, type, key, errorClass: error, since: instantOf(since), until: instantOf(until) };
  return Object.fromEntries(
    Object.entries(filter).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `30m`, `12h`, `7d`: so long ago. Else any ISO 8601 date or instant. @throws Friendly */
function instantOf(when: string | undefined): string | undefined {
  if (when === undefined) return undefined;
  const [, count, unit] = /^(\d{1,5})([mhd])$/.exec(when) ?? [];
  if (count !== undefined) return new Date(Date.now() - Number(count) * UNIT_MS[unit as 'm']).toISOString();
  const instant = /^\d{4}-\d\d-\d\d/.test(when) ? new Date(when) : new Date(NaN);
  if (Number.isNaN(instant.getTime()))
    throw new Friendly(`${JSON.stringify(when)} is no time: 30m, 12h, 7d, or ISO 8601.`);
  return instant.toISOString();
}

export function servicesOf({ service }: Values): readonly ServiceName[] {
  return service === undefined ? serviceNames : [serviceOf(service)];
}
