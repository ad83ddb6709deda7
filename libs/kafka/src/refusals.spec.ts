import { describe, expect, test } from '@jest/globals';
import { outcomeOf, type Row } from './refusals.ts';

const rows = ['a', 'b', 'c', 'd'].map((seq): Row => ({ seq, destination: 'orders' }));
/** a and b share partition 0, c and d partition 1. */
const placeOf = ({ seq }: Row) => (seq < 'c' ? 0 : 1);
const answer = (partition: number, errorCode: number) => ({ topic: 'orders', partition, errorCode });
const nothing = { confirmed: [], refused: [], resting: [], apart: [] };
const lost = new Error('the connection was lost');
const [NOT_LEADER, TOO_LARGE, UNKNOWN_TOPIC, NOT_AUTHORIZED] = [6, 10, 3, 29];

describe('a row is confirmed', () => {
  test('when the answer names its partition and says 0', () => {
    expect(outcomeOf(rows, placeOf, [answer(0, 0), answer(1, 0)])).toEqual({
      ...nothing,
      confirmed: ['a', 'b', 'c', 'd'],
    });
  });

  test('and by nothing else: an answer without its partition, and without an error, confirms nothing', () => {
    const { confirmed, failure } = outcomeOf(rows, placeOf, [answer(0, 0)]);
    expect(confirmed).toEqual(['a', 'b']);
    expect(failure).toEqual(new Error('Kafka did not answer for every partition'));
  });

  test('also when another leader did not answer, or was none any more', () => {
    expect(outcomeOf(rows, placeOf, [answer(0, 0)], lost)).toEqual({
      ...nothing,
      confirmed: ['a', 'b'],
      failure: lost,
    });
    expect(outcomeOf(rows, placeOf, [answer(0, 0), answer(1, NOT_LEADER)], lost)).toEqual({
      ...nothing,
      confirmed: ['a', 'b'],
      failure: lost,
    });
  });
});

describe('what is refused for good', () => {
  test('and is more than one row, is sent apart; one row is named', () => {
    const [a, b, c] = rows as [Row, Row, Row];
    expect(outcomeOf([a, b, c], placeOf, [answer(0, TOO_LARGE), answer(1, TOO_LARGE)])).toEqual({
      ...nothing,
      apart: [[a], [b]],
      refused: [{ seq: 'c', reason: 'larger than the topic takes (max.message.bytes)' }],
    });
  });

  test.each([UNKNOWN_TOPIC, NOT_AUTHORIZED])('for its topic, by code %d, is the topic’s, told once', (code) => {
    const { resting, failure } = outcomeOf(rows, placeOf, [answer(0, code), answer(1, code)], lost);
    expect(resting).toEqual([{ destination: 'orders', reason: expect.stringContaining('topic') }]);
    expect(failure).toBeUndefined();
  });

  test('before anything was sent, shows in which topic it is by sending each apart', () => {
    const other = { seq: 'e', destination: 'payments' };
    const refusal = Object.assign(new Error('no such topic'), { type: 'UNKNOWN_TOPIC_OR_PARTITION' });
    const wrapped = new Error('retries exceeded', { cause: refusal });
    expect(outcomeOf([...rows, other], placeOf, [], wrapped)).toEqual({ ...nothing, apart: [rows, [other]] });
    expect(outcomeOf([other], placeOf, [], wrapped)).toEqual({
      ...nothing,
      resting: [{ destination: 'payments', reason: 'the topic does not exist' }],
    });
  });
});
