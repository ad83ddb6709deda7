import { type FactTopic, facts } from '@cartwheel/contracts';
import type { FactContext, TaskContext } from '@cartwheel/inbox';
import type { Message } from '@cartwheel/messages';
import type { Tx, UnitOfWork } from '@cartwheel/outbox';
import { newId, Permanent } from '@cartwheel/primitives';
import { CancelOrderOnPaymentCaptureFailed } from '../../apps/order/src/cancel-order/on-payment-capture-failed.consumer.ts';
import { CancelOrderOnPaymentDeclined } from '../../apps/order/src/cancel-order/on-payment-declined.consumer.ts';
import { CancelOrderOnStockRejected } from '../../apps/order/src/cancel-order/on-stock-rejected.consumer.ts';
import { CompleteOrderOnPaymentReceived } from '../../apps/order/src/complete-order/on-payment-received.consumer.ts';
import { ConfirmOrderOnPaymentAuthorized } from '../../apps/order/src/confirm-order/on-payment-authorized.consumer.ts';
import { ConfirmOrderOnStockReserved } from '../../apps/order/src/confirm-order/on-stock-reserved.consumer.ts';
import { cancel, type Change, type Order, place, timeOut } from '../../apps/order/src/domain/order.ts';
import { OrderRepository } from '../../apps/order/src/order.repository.ts';
import { RefundOrderOnPaymentRefunded } from '../../apps/order/src/refund-order/on-payment-refunded.consumer.ts';
import { EndReservation } from '../../apps/inventory/src/end-reservation.ts';
import { ReleaseStockOnOrderCancelled } from '../../apps/inventory/src/release-stock/on-order-cancelled.consumer.ts';
import { ReserveStockOnOrderPlaced } from '../../apps/inventory/src/reserve-stock/on-order-placed.consumer.ts';
import { ReserveStock } from '../../apps/inventory/src/reserve-stock/reserve-stock.ts';
import { ReturnStockOnOrderRefunded } from '../../apps/inventory/src/return-stock/on-order-refunded.consumer.ts';
import { ShipStockOnOrderCompleted } from '../../apps/inventory/src/ship-stock/on-order-completed.consumer.ts';
import { type Item, StockRepository } from '../../apps/inventory/src/stock.repository.ts';
import { AuthorizePaymentWorker } from '../../apps/payment/src/authorize-payment/authorize-payment.worker.ts';
import { AuthorizePaymentOnOrderPlaced } from '../../apps/payment/src/authorize-payment/on-order-placed.consumer.ts';
import { CapturePaymentWorker } from '../../apps/payment/src/capture-payment/capture-payment.worker.ts';
import { CapturePaymentOnOrderConfirmed } from '../../apps/payment/src/capture-payment/on-order-confirmed.consumer.ts';
import { PaymentRepository } from '../../apps/payment/src/payment.repository.ts';
import { ReceiveWebhook } from '../../apps/payment/src/receive-webhook/receive-webhook.ts';
import { RefundPaymentOnRefundRequested } from '../../apps/payment/src/refund-payment/on-refund-requested.consumer.ts';
import { RefundPaymentWorker } from '../../apps/payment/src/refund-payment/refund-payment.worker.ts';
import { VoidPaymentOnOrderCancelled } from '../../apps/payment/src/void-payment/on-order-cancelled.consumer.ts';
import { VoidPaymentWorker } from '../../apps/payment/src/void-payment/void-payment.worker.ts';
import { type Card, CardNetwork, ModelGateway } from './card-network.ts';
import { managerOn } from './manager.ts';
import { Died, type Fate, Running, type StepFate, underFate } from './running.ts';
import { Tables } from './tables.ts';

/**
 * Order, payment and inventory in one process: their own repositories, consumers and workers, on tables, topics, a queue and
 * a card network that are in memory, and do what the real ones may do at their worst. Facts keep their order per topic and
 * key and nowhere else, and not across the moment at which a topic gets more partitions; tasks keep none; both come again. A
 * process may die between any two steps.
 */
const CAUSE = { correlationId: newId(), causationId: `http:${newId()}` };
export const services = ['order', 'payment', 'inventory'] as const;
export type Service = (typeof services)[number];

type Handler = (data: never, ctx: never) => Promise<void>;
type Handlers = Readonly<Record<string, Handler>>;
type Feed = { readonly service: Service; readonly facts: readonly Message[]; position: number };

const reads: Readonly<Record<Service, readonly FactTopic[]>> = {
  order: ['payment-events', 'inventory-events'],
  payment: ['order-events'],
  inventory: ['order-events'],
};

export class Shop {
  readonly tables = new Tables();
  readonly network = new CardNetwork();
  /** Every fact that was announced, once each. */
  readonly announced: Message[] = [];
  readonly dead: { readonly task: Message; readonly error: unknown }[] = [];
  /** Orders whose customer was told that the wish to cancel was taken. */
  readonly unwanted = new Set<string>();
  readonly ids: string[] = [];
  /** What was put on the shelves after the beginning. */
  readonly brought: Item[] = [];
  lastFailure: unknown;
  readonly #outboxes: Record<Service, Message[]> = { order: [], payment: [], inventory: [] };
  readonly #topics = new Map<string, Message[]>();
  readonly #feeds = new Map<string, Feed>();
  /** How often the topics got more partitions. */
  #growths = 0;
  readonly #queue: Message[] = [];
  readonly #running: { readonly worker: Running; readonly task: Message | undefined }[] = [];
  readonly #orders = new OrderRepository();
  readonly #payments = new PaymentRepository();
  readonly #stock = new StockRepository();
  readonly #consumers: Readonly<Record<Service, Handlers>>;

  constructor(initial: Readonly<Record<string, number>>) {
    for (const [sku, available] of Object.entries(initial)) {
      this.tables.stock.set(sku, { available, reserved: 0, shipped: 0 });
    }
    const [orders, payments, stock] = [this.#orders, this.#payments, this.#stock];
    const endReservation = new EndReservation(stock);
    this.#consumers = {
      order: handlersOf(
        new ConfirmOrderOnPaymentAuthorized(orders),
        new ConfirmOrderOnStockReserved(orders),
        new CompleteOrderOnPaymentReceived(orders),
        new CancelOrderOnPaymentDeclined(orders),
        new CancelOrderOnStockRejected(orders),
        new CancelOrderOnPaymentCaptureFailed(orders),
        new RefundOrderOnPaymentRefunded(orders),
      ),
      payment: handlersOf(
        new AuthorizePaymentOnOrderPlaced(payments),
        new CapturePaymentOnOrderConfirmed(payments),
        new VoidPaymentOnOrderCancelled(payments),
        new RefundPaymentOnRefundRequested(payments),
      ),
      inventory: handlersOf(
        new ReserveStockOnOrderPlaced(new ReserveStock(stock), endReservation),
        new ReleaseStockOnOrderCancelled(endReservation),
        new ShipStockOnOrderCompleted(endReservation),
        new ReturnStockOnOrderRefunded(endReservation),
      ),
    };
  }

  order(id: string): Order {
    return this.tables.orders.get(id)!['state'] as Order;
  }

  async place(items: readonly Item[], card: Card): Promise<void> {
    const orderId = newId();
    const lines = items.map((item) => ({ ...item, name: item.sku, unitPrice: { amountMinor: 700, currency: 'EUR' } }));
    const customer = { name: 'Ada', email: 'ada@example.com' };
    const placed = place({ orderId, customer, items: lines, paymentMethod: card });
    await this.#transaction('order', (tx) => this.#orders.save(tx, 0, placed));
    this.ids.push(orderId);
  }

  async cancel(orderId: string): Promise<void> {
    if (this.order(orderId).status === 'cancelled') return;
    await this.#change(orderId, cancel);
    this.unwanted.add(orderId);
  }

  timeOut(orderId: string): Promise<void> {
    return this.#change(orderId, timeOut);
  }

  async replenish(item: Item): Promise<void> {
    await this.#transaction('inventory', (tx) => this.#stock.replenish(tx, item));
    this.brought.push(item);
  }

  /** Publishes a service's outbox; `dies` before it deletes what it published. */
  relay(service: Service, dies: boolean): boolean {
    const outbox = this.#outboxes[service];
    const rows = dies ? [...outbox] : outbox.splice(0);
    for (const message of rows) {
      if (message.kind === 'task') this.#queue.push(message);
      else this.#append(message);
    }
    return rows.length > 0;
  }

  /** The next fact of one of the feeds that have one. It comes again when the consumer dies after its COMMIT. */
  async deliver(pick: number, fate: StepFate): Promise<boolean> {
    const feed = chosen(
      [...this.#feeds.values()].filter(({ facts, position }) => position < facts.length),
      pick,
    );
    if (!feed) return false;
    const fact = feed.facts[feed.position]!;
    try {
      await underFate(fate, () => this.#apply(feed.service, fact));
      feed.position += 1;
    } catch (error) {
      if (!(error instanceof Died)) throw error;
    }
    return true;
  }

  /** Every topic gets more partitions: what is published from now on lies elsewhere than the earlier facts of its key. */
  addPartitions(): void {
    this.#growths += 1;
  }

  /** A consumer begins again some facts before where it was. */
  rewind(pick: number, by: number): void {
    const feed = chosen([...this.#feeds.values()], pick);
    if (feed) feed.position = Math.max(0, feed.position - by);
  }

  /** Hands some task to a worker, in any order. `twice`: the broker has it for another one as well. */
  async take(pick: number, twice: boolean): Promise<boolean> {
    const task = chosen(this.#queue, pick);
    if (!task) return false;
    if (!twice) this.#queue.splice(this.#queue.indexOf(task), 1);
    if (this.tables.processed.has(`payment.card ${task.id}`)) return true;
    const worker = new Running();
    this.#running.push({ worker, task });
    await worker.start((turn) => this.#work(task, turn));
    this.#tidy();
    return true;
  }

  async webhook(pick: number, twice: boolean): Promise<boolean> {
    const { webhooks } = this.network;
    const hint = chosen(webhooks, pick);
    if (!hint) return false;
    if (!twice) webhooks.splice(webhooks.indexOf(hint), 1);
    const worker = new Running();
    this.#running.push({ worker, task: undefined });
    await worker.start((turn) => this.#receive(turn).execute(hint));
    this.#tidy();
    return true;
  }

  async step(pick: number, fate: Fate): Promise<boolean> {
    const running = chosen(this.#running, pick);
    if (!running) return false;
    await running.worker.step(fate);
    this.#tidy();
    return true;
  }

  /** The gateway lets a hold go by itself. */
  expire(pick: number): void {
    const held = [...this.network.intents.values()].filter(({ status }) => status === 'requires_capture');
    const intent = chosen(held, pick);
    if (intent) this.network.cancel(intent.id);
  }

  endRefund(pick: number, as: 'succeeded' | 'failed'): boolean {
    const pending = [...this.network.refunds.values()].filter(({ status }) => status === 'pending');
    const refund = chosen(pending, pick);
    if (refund) this.network.endRefund(refund.id, as);
    return refund !== undefined;
  }

  /** The first thing of what is under way goes on; `fate` is for a worker. False when nothing is under way. */
  async goOn(fate: Fate = 'works'): Promise<boolean> {
    const relayed = services.map((service) => this.relay(service, false)).includes(true);
    return (
      relayed ||
      (await this.deliver(0, 'works')) ||
      (await this.step(0, fate)) ||
      (await this.webhook(0, false)) ||
      this.endRefund(0, 'succeeded') ||
      (await this.take(0, false))
    );
  }

  /** All that is under way comes to its end. What nobody answers times out at last. */
  async settle(): Promise<void> {
    for (let steps = 0; steps < 5_000; steps += 1) {
      if (await this.goOn()) continue;
      const waiting = this.ids.find((id) => this.order(id).status === 'placed');
      if (waiting === undefined) return;
      await this.timeOut(waiting);
    }
    throw new Error('does not come to rest', { cause: this.lastFailure });
  }

  async #change(orderId: string, decide: (order: Order) => Change): Promise<void> {
    await this.#transaction('order', (tx) => this.#orders.change(tx, orderId, decide));
  }

  async #apply(service: Service, fact: Message): Promise<void> {
    const handle = this.#consumers[service][fact.type];
    if (!handle) return;
    await this.#transaction(service, async (tx) => {
      if (!this.tables.claim(service, fact.id)) return;
      await handle(fact.data as never, { tx, emit: tx.emit } satisfies Pick<FactContext, 'tx' | 'emit'> as never);
    });
  }

  /** As `TaskInbox` does: short transactions, and one that records the task's id with the outcome. */
  async #work(task: Message, turn: () => Promise<Fate>): Promise<void> {
    let finished = false;
    const transaction = async <T>(work: (tx: Tx) => Promise<T>) =>
      underFate(await turn(), () => this.#transaction('payment', work));
    const finish = async (work: (tx: Tx) => Promise<void>) => {
      await transaction(async (tx) => {
        if (this.tables.claim('payment.card', task.id)) await work(tx);
      });
      finished = true;
    };
    const gateway = new ModelGateway(this.network, turn);
    const workers = handlersOf(
      new AuthorizePaymentWorker(this.#payments, gateway),
      new CapturePaymentWorker(this.#payments, gateway),
      new VoidPaymentWorker(this.#payments, gateway),
      new RefundPaymentWorker(this.#payments, gateway),
    );
    const ctx: Pick<TaskContext, 'transaction' | 'finish'> = { transaction, finish };
    await workers[task.type]!(task.data as never, ctx as never);
    if (!finished) await finish(() => Promise.resolve());
  }

  #receive(turn: () => Promise<Fate>): ReceiveWebhook {
    const run = async <T>(_: unknown, work: (tx: Tx) => Promise<T>) =>
      underFate(await turn(), () => this.#transaction('payment', work));
    const gateway = new ModelGateway(this.network, turn);
    return new ReceiveWebhook(this.#payments, gateway, { run } as unknown as UnitOfWork, this.tables);
  }

  async #transaction<T>(service: Service, work: (tx: Tx) => Promise<T>): Promise<T> {
    const emitted: Message[] = [];
    const result = await this.tables.transaction(() =>
      work({
        cause: CAUSE,
        query: (sql, values) => this.tables.query(sql, values),
        manager: managerOn((sql, values) => this.tables.query(sql, values)),
        emit: (...messages) => emitted.push(...messages),
      }),
    );
    this.#outboxes[service].push(...emitted);
    this.announced.push(...emitted.filter(({ kind }) => kind === 'fact'));
    return result;
  }

  #append(fact: Message): void {
    const topic = facts[fact.type as keyof typeof facts].topic;
    const place = `${topic} ${fact.subject} ${this.#growths}`;
    const log = this.#topics.get(place) ?? [];
    this.#topics.set(place, log);
    log.push(fact);
    for (const service of services) {
      const name = `${service} ${place}`;
      if (!reads[service].includes(topic) || this.#feeds.has(name)) continue;
      this.#feeds.set(name, { service, facts: log, position: 0 });
    }
  }

  /** A task that was not brought to its end goes back to the queue, however it failed: the ladder asks again. */
  #tidy(): void {
    for (const running of [...this.#running]) {
      const { worker, task } = running;
      if (!worker.end) continue;
      this.#running.splice(this.#running.indexOf(running), 1);
      const { error } = worker.end;
      if (error === undefined) continue;
      this.lastFailure = error;
      if (!task) continue;
      if (error instanceof Permanent) this.dead.push({ task, error });
      else this.#queue.push(task);
    }
  }
}

function chosen<T>(from: readonly T[], pick: number): T | undefined {
  return from[pick % from.length];
}

/** The `@EventPattern` methods, by the type that each is for. */
function handlersOf(...controllers: readonly object[]): Handlers {
  const methods = controllers.flatMap((controller) => {
    const prototype = Object.getPrototypeOf(controller) as Record<string, Handler>;
    return Object.getOwnPropertyNames(prototype).flatMap((name) => {
      const types = (Reflect.getMetadata('microservices:pattern', prototype[name]!) ?? []) as string[];
      return types.map((type) => [type, prototype[name]!.bind(controller)] as const);
    });
  });
  return Object.fromEntries(methods);
}
