import { topology as topologyOf } from '@cartwheel/contracts';
import { createKafka } from '@cartwheel/kafka';
import { delay } from '@cartwheel/primitives';
import type { Admin } from 'kafkajs';
import pg from 'pg';
import { type Projection, projections } from '../../apps/analytics/src/generations.ts';
import { Friendly } from '../stack/friendly.ts';
import { compare, type Comparison } from './compare.ts';
import { begin, drop, generationsOf, giveUp, switchTo } from './generation.ts';
import { deleteGroup, endsOf, hasMembers, positionOf } from './group.ts';

export type Step = 'begun' | 'caught-up' | 'compared' | 'retired' | 'group-deleted' | 'dropped';

export type RebuildOptions = {
  readonly namespace: string;
  /** Connection string of analytics' database, with administrator rights. */
  readonly database: string;
  readonly kafkaBrokers: readonly string[];
  readonly projection: Projection;
  /** Build and compare, and drop what was built. */
  readonly compareOnly: boolean;
  readonly say: (line: string) => void;
  readonly signal?: AbortSignal;
  /** For tests: a step's transaction has committed. */
  readonly afterStep?: (step: Step) => void;
};

type Work = Required<Pick<RebuildOptions, 'afterStep' | 'say' | 'projection' | 'compareOnly'>> & {
  readonly signal: AbortSignal | undefined;
  readonly db: { query<Row>(sql: string, values?: readonly unknown[]): Promise<Row[]> };
  readonly admin: Admin;
  readonly groupId: (generation: number) => string;
  readonly topics: readonly string[];
};

const SAME_POSITION_WITHIN_MS = 30_000;
const STALLED_MS = 30_000;
const TELL_EVERY_MS = 2_000;

/**
 * Builds a projection from the beginning of the log beside the live one, compares, and switches. The service does the
 * consuming; here is only who says what should be there. Whatever an earlier run left is taken up or removed first.
 */
export async function rebuild(options: RebuildOptions): Promise<Comparison> {
  const { projection, signal, compareOnly, say, afterStep = () => undefined } = options;
  const topology = topologyOf(options.namespace);
  const { group } = projections[projection];
  const client = new pg.Client({ connectionString: options.database, application_name: 'rebuild' });
  const admin = createKafka(options.kafkaBrokers, 'rebuild').admin();
  client.on('error', () => undefined);
  try {
    await Promise.all([client.connect(), admin.connect()]);
    const db: Work['db'] = {
      query: async <Row>(sql: string, values: readonly unknown[] = []) =>
        (await client.query(sql, [...values])).rows as Row[],
    };
    const [lock] = await db.query<{ taken: boolean }>(`SELECT pg_try_advisory_lock(hashtext('rebuild')) AS taken`);
    if (!lock!.taken) throw new Friendly('Another rebuild is under way here.');
    const groupId = (generation: number) => topology.groupId(group, generation);
    const work: Work = {
      projection,
      signal,
      compareOnly,
      say,
      afterStep,
      db,
      admin,
      groupId,
      topics: topology.topicsOf(group),
    };
    await dropRetired(work);
    return await build(work);
  } finally {
    await Promise.allSettled([client.end(), admin.disconnect()]);
  }
}

async function build(work: Work): Promise<Comparison> {
  const { db, projection, compareOnly, say, afterStep } = work;
  const { live, building } = await generationsOf(db, projection);
  if (building !== undefined) say(`going on with generation ${building}, which an earlier run began`);
  const rebuilt = building ?? (await begin(db, projection));
  afterStep('begun');
  await catchUp(work, rebuilt);
  afterStep('caught-up');
  const comparison = await compareAtSamePosition(work, { live, rebuilt });
  afterStep('compared');
  if (compareOnly) await giveUp(db, projection, rebuilt);
  else {
    refuseHalf(work, comparison, rebuilt);
    await switchTo(db, projection, { from: live, next: rebuilt });
    say(`switched: ${projection} is generation ${rebuilt} now`);
  }
  afterStep('retired');
  await dropRetired(work);
  return comparison;
}

/** Waits until the service has applied what the log holds now: its end moves on while facts arrive. */
async function catchUp({ admin, groupId, topics, say, signal }: Work, generation: number): Promise<void> {
  const ends = await endsOf(admin, topics);
  const all = ends.reduce((sum, { low, high }) => sum + high - low, 0);
  let before = -1;
  let movedAt = Date.now();
  for (let toldAt = Date.now(); ; await delay(200, signal)) {
    signal?.throwIfAborted();
    const done = await positionOf(admin, groupId(generation), ends);
    if (done === all) return;
    if (done !== before) movedAt = Date.now();
    before = done;
    if (Date.now() - toldAt >= TELL_EVERY_MS) {
      toldAt = Date.now();
      say(`generation ${generation}: ${done} of ${all} facts`);
    }
    if (Date.now() - movedAt < STALLED_MS) continue;
    const why = (await hasMembers(admin, groupId(generation))) ? 'its log says why' : 'is it running?';
    throw new Friendly(
      `Analytics does not get on with generation ${generation}: ${why} The same command goes on from here.`,
    );
  }
}

/** An instant at which both have applied the same facts; else the last one, when the log holds what the live one lacks. */
async function compareAtSamePosition(
  { db, projection, signal }: Work,
  pair: { live: number; rebuilt: number },
): Promise<Comparison> {
  for (const deadline = Date.now() + SAME_POSITION_WITHIN_MS; ; await delay(50, signal)) {
    signal?.throwIfAborted();
    const comparison = await compare(db, projection, pair);
    if (comparison.behind === 0 && comparison.ahead === 0) return comparison;
    if (Date.now() < deadline) continue;
    if (comparison.behind === 0) return comparison;
    throw new Friendly(
      `In ${SAME_POSITION_WITHIN_MS / 1000} s there was no instant at which both had applied the same facts: the shop is too busy. The same command goes on from here.`,
    );
  }
}

function refuseHalf({ groupId }: Work, { setAside }: Comparison, rebuilt: number): void {
  if (setAside.rebuilt <= setAside.live) return;
  throw new Friendly(
    `Not switched: ${setAside.rebuilt} facts could not be applied, and the live one lacks ${setAside.live}. npm run dead-letters -- list --consumer ${groupId(rebuilt)} (or --parked) shows them. The same command goes on from here.`,
  );
}

/** Also what an earlier run has retired and not dropped. */
async function dropRetired({ db, admin, projection, groupId, afterStep, signal }: Work): Promise<void> {
  const { retired } = await generationsOf(db, projection);
  for (const generation of retired) {
    await deleteGroup(admin, groupId(generation), signal);
    afterStep('group-deleted');
    await drop(db, projection, generation);
    afterStep('dropped');
  }
}
