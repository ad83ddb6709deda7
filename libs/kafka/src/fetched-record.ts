import type { KafkaMessage } from 'kafkajs';

/** Why a batch cannot be read, and where it stands. */
export type Undecodable = {
  readonly firstOffset: string;
  readonly lastOffset: string;
  /** One of our own sentences: it quotes nothing. */
  readonly reason: string;
};

/** A record as kafkajs makes it, or what stands in the place of a batch that cannot be read: then `value` is the batch. */
export type FetchedRecord = KafkaMessage & {
  readonly isControlRecord: boolean;
  readonly batchContext: object;
  readonly undecodable?: Undecodable;
};
