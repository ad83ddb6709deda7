import { ledgerEntries, ledgerSummary } from '../keep-books/ledger.ts';
import type { Books } from '../keep-books/books.ts';
import { cancelIntent } from '../move-money/cancel-intent.ts';
import { captureIntent } from '../move-money/capture-intent.ts';
import { confirmIntent } from '../move-money/confirm-intent.ts';
import { createIntent } from '../move-money/create-intent.ts';
import { createRefund } from '../move-money/create-refund.ts';
import type { Operation } from '../move-money/operation.ts';
import type { Store } from '../store.ts';

type Question = Readonly<{ id: string; query: URLSearchParams; books: Books; store: Store }>;

/** A POST is an operation and is answered once per key; a GET only reads. `name` is what the log shows. */
export type Route = Readonly<{ name: string; path: RegExp }> &
  ({ method: 'POST'; operation: Operation } | { method: 'GET'; read: (question: Question) => object });

const routes: readonly Route[] = [
  { name: 'create intent', method: 'POST', path: /^\/v1\/payment_intents$/, operation: createIntent },
  { name: 'confirm intent', method: 'POST', path: /^\/v1\/payment_intents\/(\w+)\/confirm$/, operation: confirmIntent },
  { name: 'capture intent', method: 'POST', path: /^\/v1\/payment_intents\/(\w+)\/capture$/, operation: captureIntent },
  { name: 'cancel intent', method: 'POST', path: /^\/v1\/payment_intents\/(\w+)\/cancel$/, operation: cancelIntent },
  {
    name: 'get intent',
    method: 'GET',
    path: /^\/v1\/payment_intents\/(\w+)$/,
    read: ({ id, books }) => books.intent(id),
  },
  { name: 'create refund', method: 'POST', path: /^\/v1\/refunds$/, operation: createRefund },
  {
    name: 'list refunds',
    method: 'GET',
    path: /^\/v1\/refunds$/,
    read: ({ query, books }) => {
      const intentId = books.intent(query.get('payment_intent') ?? '', 'payment_intent').id;
      return { object: 'list', url: '/v1/refunds', has_more: false, data: books.refundsOf(intentId) };
    },
  },
  { name: 'get refund', method: 'GET', path: /^\/v1\/refunds\/(\w+)$/, read: ({ id, books }) => books.refund(id) },
  {
    name: 'ledger',
    method: 'GET',
    path: /^\/ledger$/,
    read: ({ query, store }) => ledgerEntries(store, query.get('orderId')),
  },
  { name: 'ledger summary', method: 'GET', path: /^\/ledger\/summary$/, read: ({ store }) => ledgerSummary(store) },
  { name: 'live', method: 'GET', path: /^\/health\/live$/, read: () => ({ status: 'ok' }) },
  {
    name: 'ready',
    method: 'GET',
    path: /^\/health\/ready$/,
    read({ store }) {
      store.exec('SELECT count(*) FROM ledger_entries');
      return { status: 'ok' };
    },
  },
];

/** The route and the id in its path, or nothing. */
export function findRoute(method: string, path: string): { route: Route; id: string } | undefined {
  for (const route of routes) {
    const match = route.method === method ? route.path.exec(path) : null;
    if (match) return { route, id: match[1] ?? '' };
  }
  return undefined;
}
