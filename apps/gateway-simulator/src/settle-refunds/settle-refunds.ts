import { end, refundedCharge } from '../domain/refund.ts';
import type { Books } from '../keep-books/books.ts';
import type { Webhooks } from '../send-webhooks/webhooks.ts';
import { inTransaction } from '../store.ts';
import type { Store } from '../store.ts';

export type RefundDesk = Readonly<{ books: Books; store: Store; webhooks: Webhooks }>;

/** Ends the pending refunds whose time has come. Called before every answer, so that nobody sees one that is overdue. */
export function settleRefunds({ books, store, webhooks }: RefundDesk): void {
  for (const { id, endsAs } of books.dueRefunds(Date.now())) {
    const { refund, movement } = end(books.refund(id), endsAs);
    const intent = books.intent(refund.payment_intent);
    inTransaction(store, () => {
      books.saveRefund(refund, intent, movement, null);
      books.refundEnded(id);
    });
    const news = [{ type: endsAs === 'failed' ? 'refund.failed' : 'refund.updated', object: refund }];
    if (movement) news.push({ type: 'charge.refunded', object: refundedCharge(intent, refund) as typeof refund });
    for (const one of news) void webhooks.announce(one, null);
  }
}
