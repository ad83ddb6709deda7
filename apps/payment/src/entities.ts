import { EarlyCancellationEntity } from './early-cancellation.entity.ts';
import { PaymentEntity } from './payment.entity.ts';

export const entities = [PaymentEntity, EarlyCancellationEntity];
