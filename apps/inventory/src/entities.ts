import { EarlyEndEntity } from './early-end.entity.ts';
import { ReservationEntity } from './reservation.entity.ts';
import { StockMovementEntity } from './stock-movement.entity.ts';
import { StockSnapshotEntity } from './stock-snapshot.entity.ts';
import { StockEntity } from './stock.entity.ts';

export const entities = [StockEntity, ReservationEntity, StockMovementEntity, StockSnapshotEntity, EarlyEndEntity];
