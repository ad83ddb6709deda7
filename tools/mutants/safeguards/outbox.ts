import type { Mutant } from '../mutant.ts';

const relay = { file: 'libs/outbox/src/relay.ts', spec: 'libs/outbox/src/relay.int.spec.ts' };
const leader = { file: 'libs/outbox/src/leader.ts' };
const refused = { file: 'libs/parking/src/refused.ts', spec: 'libs/parking/src/refused.int.spec.ts' };
const unitOfWork = { file: 'libs/outbox/src/unit-of-work.ts', spec: 'libs/outbox/src/unit-of-work.int.spec.ts' };
const transaction = { file: 'libs/postgres/src/transaction.ts', spec: 'libs/postgres/src/transaction.int.spec.ts' };

export const outbox: readonly Mutant[] = [
  {
    name: 'delete-before-publish',
    promise: 'A relay that dies after it published and before it deleted publishes again; nothing is lost.',
    file: relay.file,
    from: `
      const { confirmed, refused = [], resting = [], failure } = await this.#options.publish(rows);
      await this.#orLeave(this.#remove(client, rows, confirmed, refused));`,
    to: `
      const taken = rows.map(({ seq }) => seq);
      await this.#orLeave(this.#remove(client, rows, taken, []));
      const { confirmed, refused = [], resting = [], failure } = await this.#options.publish(rows);`,
    spec: 'libs/outbox/src/relay.fault.spec.ts',
    test: [
      'a relay that dies between the broker’s ack and the delete publishes that batch again: nothing is lost, order is kept',
    ],
  },
  {
    name: 'delete-what-was-not-confirmed',
    promise: 'A message leaves the outbox when the broker has confirmed that very message.',
    ...relay,
    from: 'query(DELETE, [this.#options.channel, confirmed])',
    to: 'query(DELETE, [this.#options.channel, rows.map(({ seq }) => seq)])',
    test: ['the relay', 'sends again what was not confirmed, and not what was'],
  },
  {
    name: 'high-water-mark-instead-of-delete',
    promise: 'A message with a low number that is committed late is published all the same.',
    ...relay,
    from: 'client.query<ReadRow>(read(setAside.isHeld), [channel, leftOut]);',
    to: `client.query<ReadRow>(
        read(setAside.isHeld).replace('channel = $1', 'channel = $1 AND seq > ' + (this.last ?? 0)),
        [channel, leftOut]);
      this.last = rows.at(-1)?.seq ?? this.last;`,
    test: [
      'the relay',
      'publishes a row that is committed after later ones were published: its number was given before',
    ],
  },
  {
    name: 'read-rows-in-any-order',
    promise: 'The relay publishes in the order of commits.',
    ...relay,
    from: 'AND destination <> ALL($2::text[]) ORDER BY seq LIMIT 500',
    to: 'AND destination <> ALL($2::text[]) LIMIT 500',
    test: ['the relay', 'publishes the oldest rows first, wherever the table keeps them'],
  },
  {
    name: 'two-relays-at-once',
    promise: 'Of all instances of a service one publishes at a time, and another takes over when it dies.',
    file: leader.file,
    spec: relay.spec,
    from: 'this.#leading = rows[0]?.leads ?? false;',
    to: 'this.#leading = true;',
    test: [
      'two instances',
      'have one leader, and the other takes over when the leader’s connection dies; nothing is lost and order is kept',
    ],
  },
  {
    name: 'read-without-a-limit-of-bytes',
    promise: 'What the relay sends at once is never more than the broker takes.',
    ...relay,
    from: 'WHERE bytes <= 900000 OR place = 1',
    to: '',
    test: ['the relay', 'closes a read by bytes, so that one request stays below what the broker takes'],
  },
  {
    name: 'refused-message-thrown-away',
    promise: 'A message that its broker refuses for good becomes a dead letter, and holds nobody up.',
    ...relay,
    from: 'const kept = await this.#options.setAside.keep(client, rows);',
    to: 'const kept = rows.map(({ row }) => row.seq);',
    test: [
      'the relay',
      'sets a refused row aside in the transaction that deletes it, and goes on with the rows behind it',
    ],
  },
  {
    name: 'go-on-with-an-aborted-transaction',
    promise: 'A statement of the relay that failed costs it its connection, not its life.',
    ...relay,
    from: `      await this.#leader.leave();
      throw error;`,
    to: '      throw error;',
    test: [
      'the relay',
      'goes on with a new connection when setting aside failed: an aborted transaction would hold its leader for ever',
    ],
  },
  {
    name: 'read-what-rests',
    promise: 'A destination that its broker refuses as a whole holds up no other.',
    ...relay,
    from: 'AND destination <> ALL($2::text[])',
    to: 'AND $2::text[] IS NOT NULL',
    test: [
      'the relay',
      'publishes what goes elsewhere while a destination is refused as a whole, however many wait for that, and then those too',
    ],
  },
  {
    name: 'publish-on-a-read-only-database',
    promise: 'The relay publishes nothing that it could not delete afterwards.',
    ...relay,
    from: "if (rows[0]?.read_only) throw new Error('the database is read-only');",
    to: '',
    test: [
      'the relay',
      'publishes nothing while its database is read-only, where it could not delete it, and goes on when that is over',
    ],
  },
  {
    name: 'lead-behind-a-pooler',
    promise: 'Behind a connection pooler, where two relays would lead at once, none does.',
    file: leader.file,
    from: 'throw new BehindPooler();',
    to: 'await Promise.resolve();',
    spec: 'libs/service/src/pgbouncer.int.spec.ts',
    test: [
      'behind a pooler in %s mode',
      'no relay leads: each says what is wrong and how to mend it, and leaves no lock behind',
    ],
  },
  {
    name: 'copies-share-the-channel-of-facts',
    promise: 'A copy of a dead letter that cannot be sent holds up no fact.',
    file: 'libs/inbox/src/set-aside.ts',
    from: "channel: 'dead-letters',",
    to: "channel: 'kafka',",
    spec: 'libs/service/src/relays.int.spec.ts',
    test: ['a copy of a dead letter whose topic is missing holds up no fact, and goes out when the topic is there'],
  },
  {
    name: 'pass-a-refused-fact',
    promise: 'No fact is published before an earlier one of its key that Kafka has refused.',
    ...refused,
    from: 'AND earlier.key = outbox.key AND earlier.outbox_seq < outbox.seq)`',
    to: 'AND earlier.key = outbox.key AND false)`',
    test: [
      'a fact that Kafka refuses for good',
      'is dead with the reason, and holds the later facts of its key, and nobody else’s',
    ],
  },
  {
    name: 'set-aside-behind-what-is-let-go',
    promise: 'A fact is not set aside behind one that a person lets go in the same moment.',
    ...refused,
    from: 'ORDER BY position FOR UPDATE`',
    to: 'ORDER BY position`',
    test: [
      'a fact that Kafka refuses for good',
      'that is let go in the very moment in which another is set aside behind it takes that one along',
    ],
  },
  {
    name: 'replay-at-the-end-of-the-outbox',
    promise: 'A refused fact that is replayed is published before whatever was written of its key meanwhile.',
    ...refused,
    from: 'SELECT outbox_seq, CASE WHEN',
    to: "SELECT nextval(pg_get_serial_sequence('outbox', 'seq')), CASE WHEN",
    test: [
      'a fact that Kafka refuses for good',
      'is published when it is replayed, then those behind it, then what came meanwhile',
    ],
  },
  {
    name: 'outbox-written-when-emitted',
    promise: 'The messages of one order stand in the outbox in the order in which its changes were committed.',
    ...unitOfWork,
    from: `      const value = await work(collect(tx, this.#origin, cause, collected));
      await writeOutbox(tx, this.#origin, collected);`,
    to: `      const inside = collect(tx, this.#origin, cause, collected);
      const written = [];
      const emit = (...messages) => {
        inside.emit(...messages);
        written.push(writeOutbox(tx, this.#origin, collected.splice(0)));
      };
      const value = await work({ ...inside, emit });
      await Promise.all(written);`,
    test: [
      'messages of one subject follow each other as their transactions committed, also one that was emitted early',
    ],
  },
  {
    name: 'sequences-taken-in-any-order',
    promise: 'Two transactions that announce something about the same orders do not deadlock.',
    ...unitOfWork,
    from: ' AS w(topic, subject, n) ORDER BY topic, subject',
    to: ' AS w(topic, subject, n)',
    test: ['sequence numbers are dense per topic and subject, and in the order of the outbox, whoever writes at once'],
  },
  {
    name: 'contract-not-checked',
    promise: 'A message that breaks its contract is never written, and neither is the change it came with.',
    ...unitOfWork,
    from: '  if (!checked.success) throw new Permanent(',
    to: '  if (false) throw new Permanent(',
    test: ['a message against its contract is never written, and takes the change with it'],
  },
  {
    name: 'commit-without-looking-at-the-answer',
    promise: 'A transaction that PostgreSQL rolled back at COMMIT is not taken for committed.',
    ...transaction,
    from: `    if (command !== 'COMMIT') throw new Error('a statement failed, and COMMIT rolled back', { cause: failure });
`,
    to: '',
    test: [
      'a transaction',
      'that swallowed the error of a statement fails at COMMIT, where PostgreSQL answers ROLLBACK without an error',
    ],
  },
  {
    name: 'statement-after-the-transaction',
    promise: 'What a part of the work does too late is done nowhere, and not in somebody else’s transaction.',
    ...transaction,
    from: `    if (over) throw new Error('this transaction is over');
`,
    to: '',
    test: ['a transaction', 'that is over takes no more statements: what comes late runs nowhere'],
  },
  {
    name: 'save-commits-by-itself',
    promise: 'An entity that is saved in the middle of the work is committed with it, or not at all.',
    ...transaction,
    from: 'await tx.manager.queryRunner!.startTransaction();',
    to: `await tx.query('BEGIN');`,
    test: ['entities', 'that are saved in the middle commit nothing by themselves'],
  },
  {
    name: 'manager-past-the-guard',
    promise: 'The failure of an entity’s statement is seen as that of any other.',
    ...transaction,
    from: '  const manager = runner.dataSource.createEntityManager(own);',
    to: '  const manager = runner.manager;',
    test: ['entities', 'pass the guard of a part of the transaction, and no other part'],
  },
  {
    name: 'migrate-without-a-lock',
    promise: 'Two set-ups at once apply each migration once.',
    file: 'libs/postgres/src/schema.ts',
    spec: transaction.spec,
    from: `    await runner.query('SELECT pg_advisory_lock($1)', [LOCK]);\n`,
    to: '',
    test: ['a schema', 'is applied once by two set-ups at once'],
  },
];
