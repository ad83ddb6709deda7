import type { Schema } from '@cartwheel/postgres';
import { workerSchemas } from '@cartwheel/service';
import { CreatePayments1767225650000 } from './migrations/1767225650000-create-payments.ts';
import { AddAttemptsAndCause1767225651000 } from './migrations/1767225651000-add-attempts-and-cause.ts';
import { IndexHeldPayments1767225652000 } from './migrations/1767225652000-index-held-payments.ts';
import { CreateEarlyCancellations1767225653000 } from './migrations/1767225653000-create-early-cancellations.ts';

const paymentSchema: Schema = {
  name: 'payment',
  migrations: [
    CreatePayments1767225650000,
    AddAttemptsAndCause1767225651000,
    IndexHeldPayments1767225652000,
    CreateEarlyCancellations1767225653000,
  ],
  grants: { payments: 'SELECT, INSERT, UPDATE', early_cancellations: 'SELECT, INSERT' },
};

export const schemas: readonly Schema[] = [...workerSchemas, paymentSchema];
