import type { Target } from '../verify/verify.ts';

/** Where to look, for a person. */
export function addressLines(target: Pick<Target, 'urls' | 'gatewayUrl' | 'mailboxUrl'>): string {
  const rows = [
    ['order', `${target.urls.order}/products`],
    ['payment', `${target.urls.payment}/payments/<orderId>`],
    ['inventory', `${target.urls.inventory}/stock`],
    ['email', `${target.urls.email}/emails?orderId=<orderId>`],
    ['analytics', `${target.urls.analytics}/facts?orderId=<orderId>`],
    ['gateway', `${target.gatewayUrl}/ledger`],
    ['mailbox', target.mailboxUrl],
  ];
  const curl = `curl -i ${target.urls.order}/checkout -H 'Content-Type: application/json' \\
  -H "Idempotency-Key: $(date +%s)" -d '{
    "customer": { "name": "Ada Moreau", "email": "ada@example.com" },
    "items": [ { "sku": "mug-blue", "quantity": 2 } ],
    "payment": { "paymentMethod": "pm_card_visa" } }'`;
  return `${rows.map(([name, url]) => `  ${name!.padEnd(10)} ${url}`).join('\n')}\n\nPlace an order yourself:\n\n${curl}`;
}
