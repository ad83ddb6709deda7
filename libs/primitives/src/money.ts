/** An amount in the currency's minor unit (cents), always an integer: floats lose money. */
export type Money = { readonly amountMinor: number; readonly currency: string };

export function money(amountMinor: number, currency: string): Money {
  if (!Number.isSafeInteger(amountMinor)) throw new RangeError(`not an amount in minor units: ${String(amountMinor)}`);
  return { amountMinor, currency };
}

export function zero(currency: string): Money {
  return money(0, currency);
}

/** @throws RangeError when the currencies differ */
export function add(a: Money, b: Money): Money {
  if (a.currency !== b.currency) throw new RangeError(`cannot add ${a.currency} and ${b.currency}`);
  return money(a.amountMinor + b.amountMinor, a.currency);
}

export function times(price: Money, quantity: number): Money {
  return money(price.amountMinor * quantity, price.currency);
}
