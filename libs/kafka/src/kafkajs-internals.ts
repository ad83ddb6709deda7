import type { RecordMetadata } from 'kafkajs';
import { createRequire } from 'node:module';
import type { FetchedRecord } from './fetched-record.ts';

/**
 * The parts of kafkajs 2.2.4 that it does not export and that fetch-guard.ts and produce-answers.ts need: how it reads a
 * record, and the two requests whose answers it throws away whole when one part of them is bad. kafkajs is no longer
 * changed; its version is pinned, and kafkajs-internals.spec.ts fails when one of these is not what it was.
 */
const requireOf = createRequire(import.meta.url);

export type KafkaDecoder = {
  readInt16(): number;
  readInt32(): number;
  readInt64(): bigint;
  readString(): string;
  readBytes(): Buffer | null;
  readVarIntBytes(): Buffer | null;
  readArray<T>(read: (decoder: KafkaDecoder) => T): T[];
};

export const Decoder = requireOf('kafkajs/src/protocol/decoder.js') as new (bytes: Buffer) => KafkaDecoder;

export const decodeRecord = requireOf('kafkajs/src/protocol/recordBatch/record/v0/decoder.js') as (
  decoder: KafkaDecoder,
  batch: object,
) => FetchedRecord;

export const errorOfCode = (
  requireOf('kafkajs/src/protocol/error.js') as { createErrorFromCode: (code: number) => KafkaError }
).createErrorFromCode;

export type KafkaError = Error & { readonly type: string; readonly code: number; readonly retriable: boolean };

/** A request of the protocol: what is sent, and how its answer is read and checked. */
type Request<Args, Answer> = {
  protocol(of: { version: number }): (args: Args) => {
    readonly response: {
      decode(bytes: Buffer): Promise<Answer>;
      parse(answer: Answer): Promise<Answer>;
    };
  };
};

export type FetchArgs = {
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly fetchOffset: string }[];
  }[];
};
export type FetchAnswer = {
  readonly responses: readonly {
    readonly topicName: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly errorCode: number;
      readonly messages: readonly FetchedRecord[];
    }[];
  }[];
};
export type ProduceAnswer = {
  readonly topics: readonly { readonly topicName: string; readonly partitions: readonly RecordMetadata[] }[];
};

export const fetchRequest = requireOf('kafkajs/src/protocol/requests/fetch/index.js') as Request<
  FetchArgs,
  FetchAnswer
>;
export const produceRequest = requireOf('kafkajs/src/protocol/requests/produce/index.js') as Request<
  object,
  ProduceAnswer
>;

/** Reads the answers to a request in another way, wherever in this process it is sent. */
export function readAnswers<Args, Answer>(
  request: Request<Args, Answer>,
  change: (
    read: { decode(bytes: Buffer): Promise<Answer>; parse(answer: Answer): Promise<Answer> },
    args: Args,
    version: number,
  ) => {
    decode?(bytes: Buffer): Promise<Answer>;
    parse?(answer: Answer): Promise<Answer>;
  },
): void {
  const protocol = request.protocol;
  request.protocol = ({ version }) => {
    const make = protocol({ version });
    return (args) => {
      const made = make(args);
      return { ...made, response: { ...made.response, ...change(made.response, args, version) } };
    };
  };
}
