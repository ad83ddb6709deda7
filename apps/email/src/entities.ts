import { AddresseeEntity } from './addressee.entity.ts';
import { EmailEntity } from './email.entity.ts';

export const entities = [AddresseeEntity, EmailEntity];
