import { describe, expect, it } from '@jest/globals';
import { decodeFields, nestFields } from './decode-form.ts';

const form = (body: string) => nestFields(decodeFields(body));

describe('a form body', () => {
  it('becomes an object, with percent escapes and plus signs decoded', () => {
    expect(form('amount=100&description=caf%C3%A9+au%20lait&flag')).toEqual({
      amount: '100',
      description: 'café au lait',
      flag: '',
    });
  });

  it('nests bracketed names, escaped or not', () => {
    expect(form('metadata[orderId]=o1&metadata%5BpaymentId%5D=p1')).toEqual({
      metadata: { orderId: 'o1', paymentId: 'p1' },
    });
  });

  it('turns names that count from 0 into a list, whatever their order', () => {
    expect(form('types[1]=link&types[0]=card')).toEqual({ types: ['card', 'link'] });
    expect(form('types[]=card')).toEqual({ types: ['card'] });
  });

  it('is an empty object when it is empty', () => {
    expect(form('')).toEqual({});
  });

  it('treats __proto__ as a name like any other', () => {
    const decoded = form('__proto__[admin]=yes');
    expect(Object.keys(decoded)).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  });

  it.each([
    ['a broken escape', 'amount=%E0%A4%A'],
    ['an unclosed bracket', 'metadata[orderId=1'],
    ['no name', '=1'],
    ['one name twice', 'amount=1&amount=2'],
    ['one name as text and as object', 'metadata=1&metadata[orderId]=2'],
    ['too many levels', 'a[b][c][d][e][f]=1'],
  ])('is refused with 400 when it holds %s', (_, body) => {
    expect(() => form(body)).toThrow(expect.objectContaining({ status: 400 }));
  });
});
