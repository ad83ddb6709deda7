import { expect, test } from '@jest/globals';
import { createRequire } from 'node:module';
import { decodeRecord, Decoder, errorOfCode, fetchRequest, produceRequest } from './kafkajs-internals.ts';

test('the parts of kafkajs that we reach into are what they were in 2.2.4', () => {
  const { version } = createRequire(import.meta.url)('kafkajs/package.json') as { version: string };
  expect(version).toBe('2.2.4');
  expect(new Decoder(Buffer.from([0, 7])).readInt16()).toBe(7);
  expect(decodeRecord).toHaveLength(1);
  expect(errorOfCode(10)).toMatchObject({ type: 'MESSAGE_TOO_LARGE', retriable: false });
  const topics = [{ topic: 't', partitions: [{ partition: 0, fetchOffset: '0', maxBytes: 1 }] }];
  const fetch = fetchRequest.protocol({ version: 11 })({ topics });
  const produce = produceRequest.protocol({ version: 7 })({ topicData: [] });
  for (const { response } of [fetch, produce]) {
    expect(response).toMatchObject({ decode: expect.any(Function), parse: expect.any(Function) });
  }
});
