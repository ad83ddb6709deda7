import createClient, { type Client } from 'openapi-fetch';
import type { paths } from './order-api.ts';

export type { components as OrderApi } from './order-api.ts';
export type OrderClient = Client<paths>;

/**
 * The order service's API, typed by the document that the service serves at `/docs/openapi.json`: a path, a field or a
 * header that it does not know does not compile. Gives `{ data }` or `{ error }`, a problem document; throws only when
 * nobody answered.
 */
export function orderClient(baseUrl: string, fetch: typeof globalThis.fetch = globalThis.fetch): OrderClient {
  return createClient<paths>({ baseUrl, fetch: (request) => fetch(request) });
}
