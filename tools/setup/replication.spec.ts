import { expect, test } from '@jest/globals';
import { replicationFromEnvironment } from './replication.ts';

test('what is not set is left to the brokers', () => {
  expect(replicationFromEnvironment({})).toEqual({});
  expect(replicationFromEnvironment({ KAFKA_REPLICATION_FACTOR: '' })).toEqual({});
});

test('both numbers are read', () => {
  const given = { KAFKA_REPLICATION_FACTOR: '3', KAFKA_MIN_INSYNC_REPLICAS: '2' };
  expect(replicationFromEnvironment(given)).toEqual({ factor: 3, minInsync: 2 });
});

test.each(['0', '-1', '2.5', 'three', '100'])('%s copies are refused by name', (text) => {
  expect(() => replicationFromEnvironment({ KAFKA_REPLICATION_FACTOR: text })).toThrow(
    `KAFKA_REPLICATION_FACTOR is "${text}"`,
  );
});

test('more copies in sync than copies are refused, because nothing could be written', () => {
  const given = { KAFKA_REPLICATION_FACTOR: '2', KAFKA_MIN_INSYNC_REPLICAS: '3' };
  expect(() => replicationFromEnvironment(given)).toThrow(/nothing could be written/);
});
