import { randomBytes } from 'node:crypto';

/** `pi_…`, `ch_…`, `re_…`, `evt_…`, `req_…`: a prefix that tells the kind and 24 hexadecimal digits, as unguessable as Stripe's. */
export const newId = (prefix: string) => `${prefix}_${randomBytes(12).toString('hex')}`;
