import { Friendly } from './stack/friendly.ts';
import type { BrokerCount } from './stack/stack.ts';

/** The value of `--brokers`, as `startStack` wants it. */
export function brokersOption(option: string | undefined): { brokers?: BrokerCount } {
  if (option === undefined) return {};
  if (option !== '1' && option !== '3') throw new Friendly(`--brokers is "${option}"; it must be 1 or 3.`);
  return { brokers: option === '1' ? 1 : 3 };
}
