import type { DeadLetter, ParkedMessage, Revealed, Standing } from '@cartwheel/parking';
import { Friendly } from '../stack/friendly.ts';
import { type ServiceName, serviceNames, type Target } from '../verify/target.ts';

/** What `/ops` answers; instants are ISO 8601 here. */
type Json<T> = { [K in keyof T]: T[K] extends Date ? string : T[K] extends Date | null ? string | null : T[K] };
export type Message = Json<ParkedMessage> & { readonly service: ServiceName };
export type Letter = Json<DeadLetter> & { readonly service: ServiceName };

/** One message of the shop: positions count per service. */
export type Place = { readonly service: ServiceName; readonly position: number };

/** A service refused: one sentence, with its stable code. */
export class Refused extends Friendly {}

/** A service did not answer. Whether it has acted is not known. */
export class NoAnswer extends Friendly {}

const DEADLINE_MS = 15_000;
const PAGE = 200;

/** The operators' door of a running shop: the same rules for this command as for everybody. */
export class Shop {
  readonly #target: Target;
  readonly #operator: string;
  readonly #signal: AbortSignal;

  constructor(target: Target, operator: string, signal: AbortSignal) {
    this.#target = target;
    this.#operator = operator;
    this.#signal = signal;
  }

  /** One page. `next` is what `after` must be for the page that follows; null at the end. */
  async list(
    service: ServiceName,
    which: 'dead-letters' | 'parked',
    filter: Readonly<Record<string, string>>,
  ): Promise<{ messages: Message[]; next: number | null }> {
    const query = new URLSearchParams(filter).toString();
    const { items, next } = await this.#ask<{ items: Omit<Message, 'service'>[]; next: number | null }>(
      service,
      `${which}?${query}`,
    );
    return { messages: items.map((item) => ({ ...item, service })), next };
  }

  /** All dead messages that the filter selects, oldest first. */
  async listAll(service: ServiceName, filter: Readonly<Record<string, string>>): Promise<Message[]> {
    const all: Message[] = [];
    for (let after: number | null = 0; after !== null;) {
      const begin: Record<string, string> = after === 0 ? {} : { after: String(after) };
      const page = await this.list(service, 'dead-letters', { ...filter, limit: String(PAGE), ...begin });
      all.push(...page.messages);
      after = page.next;
    }
    return all;
  }

  async show({ service, position }: Place): Promise<Letter> {
    const letter = await this.#ask<Omit<Letter, 'service'>>(service, `dead-letters/${position}`);
    return { ...letter, service };
  }

  reveal({ service, position }: Place, reason?: string): Promise<Revealed> {
    return this.#ask(service, `dead-letters/${position}/reveal`, { reason });
  }

  act(action: 'replay' | 'discard', { service, position }: Place, reason?: string): Promise<Standing> {
    return this.#ask(service, `dead-letters/${position}/${action}`, { reason });
  }

  async #ask<T>(service: ServiceName, path: string, body?: object): Promise<T> {
    const url = `${this.#target.urls[service]}/ops/${path}`;
    const headers = { authorization: `Bearer ${this.#target.opsToken}`, 'cartwheel-operator': this.#operator };
    const json = {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { ...headers, 'content-type': 'application/json' },
    };
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(DEADLINE_MS)]);
    let response: Response;
    let answer: unknown;
    try {
      response = await fetch(url, { ...(body === undefined ? { headers } : json), signal });
      answer = await response.json();
    } catch {
      this.#signal.throwIfAborted();
      throw new NoAnswer(`${service} does not answer at ${this.#target.urls[service]}. Is the shop running?`);
    }
    if (response.ok) return answer as T;
    const { code = String(response.status), detail = '', errors = [] } = answer as Problem;
    const fields = errors.map(({ path: field, message }) => ` ${field}: ${message}.`).join('');
    throw new Refused(`${detail}${fields} (${code})`.trim());
  }
}

type Problem = { code?: string; detail?: string; errors?: { path: string; message: string }[] };

/** `payment/12`. @throws Friendly */
export function placeOf(word: string): Place {
  const [, service, position] = /^([a-z]+)\/([1-9]\d{0,14})$/.exec(word) ?? [];
  if (service === undefined) throw new Friendly(`A message is named like payment/12, not ${JSON.stringify(word)}.`);
  return { service: serviceOf(service), position: Number(position) };
}

/** @throws Friendly */
export function serviceOf(name: string): ServiceName {
  const service = serviceNames.find((candidate) => candidate === name);
  if (service) return service;
  throw new Friendly(`Services are ${serviceNames.join(', ')}, not ${JSON.stringify(name)}.`);
}
