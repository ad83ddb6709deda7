import { Controller, Headers, Inject, type MessageEvent, Res, Sse } from '@nestjs/common';
import { ApiHeader, ApiNoContentResponse, ApiOkResponse, ApiProduces } from '@nestjs/swagger';
import { readEvents } from '@cartwheel/event-store';
import { Problems, Streams } from '@cartwheel/http';
import type { Queryable } from '@cartwheel/postgres';
import { DATABASE } from '@cartwheel/service';
import type { FastifyReply } from 'fastify';
import { EMPTY, endWith, ignoreElements, interval, map, merge, type Observable, share, takeUntil } from 'rxjs';
import type { OrderEvent } from '../domain/order.ts';
import { OrderId } from '../order.requests.ts';
import { OrderHistoryEntry, orderNotFound, toHistoryEntry } from '../order.responses.ts';
import { isLast, OrderWatch } from './order-watch.ts';

/** So that nobody between us and the client takes the connection for dead. */
const HEARTBEAT_MS = 15_000;

@Controller('orders')
export class StreamOrderController {
  constructor(
    @Inject(DATABASE) private readonly database: Queryable,
    private readonly watch: OrderWatch,
  ) {}

  /**
   * The order's history as server-sent events, and what happens next as it happens. The id of an event is its version: a
   * client that lost the connection sends `Last-Event-ID` (a browser does so by itself) and gets what came after it.
   * Whoever has seen all there will ever be gets 204, which tells a browser not to come back.
   */
  @Sse(':id/stream')
  @Streams()
  @Problems('order-not-found', 'too-many-streams')
  @ApiHeader({ name: 'Last-Event-ID', required: false, schema: { type: 'string' } })
  @ApiProduces('text/event-stream')
  @ApiOkResponse({ standardSchema: OrderHistoryEntry, description: 'each event: id is the version, event the type' })
  @ApiNoContentResponse({ description: 'the client has seen all that there will ever be' })
  async stream(
    @OrderId() orderId: string,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<Observable<MessageEvent>> {
    const events = await readEvents<OrderEvent>(this.database, 'order_events', orderId);
    if (events.length === 0) throw orderNotFound();
    const seen = /^\d{1,9}$/.test(lastEventId ?? '') ? Number(lastEventId) : 0;
    const last = events.at(-1)!;
    if (isLast(last.event) && seen >= last.version) {
      reply.raw.writeHead(204).end();
      return EMPTY;
    }
    const told = this.watch.follow(orderId, seen).pipe(
      map((stored): MessageEvent => {
        const entry = toHistoryEntry(stored);
        return { id: String(entry.version), type: entry.type, data: entry };
      }),
      share(),
    );
    const over = told.pipe(ignoreElements(), endWith(true));
    const beats = interval(HEARTBEAT_MS).pipe(map((): MessageEvent => ({ comment: 'still here' })));
    return merge(told, beats.pipe(takeUntil(over)));
  }
}
