import { type MigrationInterface, noWayBack, type QueryRunner } from '@cartwheel/postgres';

/** A topic that got more partitions may show any fact of an order before OrderPlaced: its mail waits for an address. */
export class LetMailsWaitForTheirAddress1767225672000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE emails DROP CONSTRAINT emails_addressees_fk;
    `);
  }

  down = noWayBack;
}
