import { rmSync } from 'node:fs';
import { join } from 'node:path';

/** The gateway simulator's ledger of an earlier shop in this folder: its orders are in no database that is new. */
export function forgetLedger(folder: string): void {
  for (const file of ['gateway.sqlite', 'gateway.sqlite-wal', 'gateway.sqlite-shm'])
    rmSync(join(folder, file), { force: true });
}
