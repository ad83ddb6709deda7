import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { cancel, capture, confirm, create } from '../domain/transitions.ts';
import { refund } from '../domain/refund.ts';
import { openStore } from '../store.ts';
import type { Store } from '../store.ts';
import { Books } from './books.ts';
import { ledgerEntries, ledgerSummary } from './ledger.ts';

describe('the ledger', () => {
  let store: Store;
  let books: Books;

  beforeEach(() => {
    store = openStore(':memory:');
    books = new Books(store);
  });
  afterEach(() => store.close());

  function authorized(id: string, amount: number, currency = 'eur') {
    const metadata = { orderId: `order-of-${id}`, paymentId: `payment-of-${id}` };
    const terms = { id, amount, currency, metadata, description: null, client_secret: 's', created: 1 };
    const change = confirm(create(terms, 'pm_card_visa'), { paymentMethod: 'pm_card_visa', charge: 'ch_1' });
    books.save(change, `${id}:authorize:1`);
    return change.intent;
  }

  it('has one entry per movement, in order, and finds those of one order', () => {
    books.save(capture(authorized('pi_1', 2400)), null);
    authorized('pi_2', 100);
    const entry = {
      intentId: 'pi_1',
      metadata: { orderId: 'order-of-pi_1', paymentId: 'payment-of-pi_1' },
      amountMinor: 2400,
      currency: 'EUR',
      at: expect.any(String),
    };
    expect(ledgerEntries(store, 'order-of-pi_1')).toEqual([
      { ...entry, operation: 'authorize', idempotencyKey: 'pi_1:authorize:1' },
      { ...entry, operation: 'capture', idempotencyKey: null },
    ]);
    expect(ledgerEntries(store, null)).toHaveLength(3);
  });

  it('sums up what is held, taken and given back, per currency', () => {
    const taken = capture(authorized('pi_1', 2400), 2000);
    books.save(taken, null);
    const wish = { id: 're_1', created: 3, amount: 500, metadata: {}, reason: null };
    const given = refund(taken.intent, 0, wish);
    books.saveRefund(given.refund, taken.intent, given.movement, null);
    books.save(cancel(authorized('pi_2', 70), 2, null), null);
    authorized('pi_3', 30);
    authorized('pi_4', 9, 'chf');
    expect(ledgerSummary(store)).toEqual({
      CHF: { authorizedOpen: 9, captured: 0, refunded: 0 },
      EUR: { authorizedOpen: 30, captured: 2000, refunded: 500 },
    });
  });

  it('cannot be changed or shortened, not even by us', () => {
    authorized('pi_1', 2400);
    expect(() => store.exec('UPDATE ledger_entries SET amount_minor = 1')).toThrow(/append-only/);
    expect(() => store.exec('DELETE FROM ledger_entries')).toThrow(/append-only/);
  });
});
