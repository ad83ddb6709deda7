import { createHmac } from 'node:crypto';

/** The Stripe-Signature header: HMAC-SHA256 of `<t>.<payload>`, so that neither the time nor the payload can be exchanged. */
export function sign(payload: string, secret: string, t: number): string {
  return `t=${t},v1=${createHmac('sha256', secret).update(`${t}.${payload}`).digest('hex')}`;
}
