import type { Replication } from '@cartwheel/kafka';
import { Friendly } from '../stack/friendly.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** `KAFKA_REPLICATION_FACTOR` and `KAFKA_MIN_INSYNC_REPLICAS`, as far as they are set. @throws Friendly */
export function replicationFromEnvironment(environment: Environment = process.env): Replication {
  const factor = countIn('KAFKA_REPLICATION_FACTOR', environment);
  const minInsync = countIn('KAFKA_MIN_INSYNC_REPLICAS', environment);
  if (factor !== undefined && minInsync !== undefined && minInsync > factor) {
    throw new Friendly(
      `KAFKA_MIN_INSYNC_REPLICAS is ${minInsync} and KAFKA_REPLICATION_FACTOR is ${factor}: ` +
        'no record can have more copies in sync than it has copies, so nothing could be written.',
    );
  }
  return { ...(factor === undefined ? {} : { factor }), ...(minInsync === undefined ? {} : { minInsync }) };
}

function countIn(name: string, environment: Environment): number | undefined {
  const text = environment[name];
  if (text === undefined || text === '') return undefined;
  if (!/^[1-9]\d?$/.test(text)) throw new Friendly(`${name} is "${text}"; it must be a whole number from 1 to 99.`);
  return Number(text);
}
