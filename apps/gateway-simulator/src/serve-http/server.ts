import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { finished } from 'node:stream/promises';
import { newId } from '../new-id.ts';
import { internalError, invalidRequest, Refusal } from '../refusal.ts';
import { causeOf } from '../log.ts';
import type { Log } from '../log.ts';
import type { Store } from '../store.ts';
import { settleRefunds } from '../settle-refunds/settle-refunds.ts';
import { carryOut } from './answer.ts';
import type { Desk, Reply } from './answer.ts';
import { findRoute } from './routes.ts';

/** A withheld answer holds its connection for this long: longer than any sensible client waits. Closing it at once would
 * hide the failure, since Stripe's SDK repeats a request by itself when the connection is reset. */
const WITHHELD_MS = 30_000;
/** Longer than clients keep an idle connection, so that it is they who close it and no request meets a closing one. */
const KEEP_ALIVE_MS = 65_000;

export type Context = Readonly<{ desk: Desk; store: Store; log: Log }>;

export type HttpDoor = Readonly<{ server: Server; close(deadlineMs: number): Promise<void> }>;

export function createHttpDoor(context: Context): HttpDoor {
  const inFlight = new Set<Promise<void>>();
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    if (!server.listening) response.setHeader('Connection', 'close');
    const work = serve(request, response, context).catch(() => void response.destroy());
    inFlight.add(work);
    void work.finally(() => inFlight.delete(work));
  });
  return { server, close: (deadlineMs) => closeDoor(server, inFlight, deadlineMs) };
}

/** No new connections; requests under way are answered, within the deadline; then every connection is closed. */
async function closeDoor(server: Server, inFlight: ReadonlySet<Promise<void>>, deadlineMs: number) {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  const deadline = Date.now() + deadlineMs;
  while (inFlight.size > 0 && Date.now() < deadline) {
    await Promise.race([
      Promise.all(inFlight),
      new Promise((resolve) => setTimeout(resolve, deadline - Date.now()).unref()),
    ]);
  }
  server.closeAllConnections();
  await closed;
}

async function serve(request: IncomingMessage, response: ServerResponse, context: Context): Promise<void> {
  const startedAt = Date.now();
  const requestId = newId('req');
  const { route, reply } = await answer(request, context);
  const { status, json, replayed = false, withheld = false, retryAfterS } = reply;
  context.log('request', { requestId, route, status, replayed, withheld, ms: Date.now() - startedAt });
  if (withheld) {
    setTimeout(() => request.socket.destroy(), WITHHELD_MS).unref();
    return;
  }
  if (replayed) response.setHeader('Idempotent-Replayed', 'true');
  if (retryAfterS !== undefined) response.setHeader('Retry-After', String(retryAfterS));
  if (status === 413) response.setHeader('Connection', 'close');
  response.writeHead(status, { 'Content-Type': 'application/json', 'Request-Id': requestId });
  response.end(json);
  await finished(response).catch(() => undefined);
}

async function answer(request: IncomingMessage, context: Context): Promise<{ route: string; reply: Reply }> {
  let route = 'unknown';
  try {
    const method = request.method ?? '';
    const [pathname = '', search = ''] = (request.url ?? '').split('?', 2);
    if (pathname.startsWith('/v1/')) authenticate(request);
    const found = findRoute(method, pathname);
    if (!found) throw invalidRequest(`Unrecognized request URL (${method}: ${pathname}).`, { status: 404 });
    route = found.route.name;
    const { id } = found;
    settleRefunds(context.desk);
    const reply =
      found.route.method === 'POST'
        ? await carryOut(request, pathname, id, found.route.operation, context.desk)
        : ok(
            found.route.read({
              id,
              query: new URLSearchParams(search),
              books: context.desk.books,
              store: context.store,
            }),
          );
    return { route, reply };
  } catch (error) {
    const { status, error: body, retryAfterS } = asAnswer(error);
    if (status === 500) context.log('failure', { route, ...causeOf(error) });
    return { route, reply: { status, json: JSON.stringify({ error: body }), retryAfterS } };
  }
}

const asAnswer = (error: unknown) =>
  error instanceof Refusal ? error : { status: 500, error: internalError, retryAfterS: undefined };

const ok = (body: object): Reply => ({ status: 200, json: JSON.stringify(body) });

/** Any test key will do. A live key is refused: it must not travel to a simulator. */
function authenticate(request: IncomingMessage): void {
  if (/^Bearer sk_test_\w+$/.test(request.headers.authorization ?? '')) return;
  throw invalidRequest('Send a test key: Authorization: Bearer sk_test_…', { status: 401 });
}
