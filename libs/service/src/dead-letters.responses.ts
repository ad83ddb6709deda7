import { z } from 'zod';

/** What `/ops` answers: the shapes of libs/parking as JSON has them. */

const position = z.int().min(1);
const instant = z.iso.datetime();

const ParkedMessage = z
  .object({
    position,
    state: z.enum(['parked', 'dead']),
    source: z.enum(['kafka', 'rabbitmq']),
    consumer: z.string(),
    topic: z.string(),
    partition: z.int().nullable(),
    offset: z.int().nullable(),
    type: z.string().nullable().describe('null: no contract knows it'),
    key: z.string().describe('an id, or a digest that the filter `key` takes'),
    eventId: z.uuid(),
    attempts: z.int(),
    firstFailedAt: instant.nullable(),
    lastFailedAt: instant.nullable(),
    nextAttemptAt: instant,
    errorClass: z.string().nullable(),
    errorMessage: z.string().nullable().describe('null: not our own words, so it might quote the message'),
  })
  .meta({ id: 'ParkedMessage' });

export const ParkedMessages = z
  .object({ items: z.array(ParkedMessage), next: position.nullable().describe('`after` of the next page') })
  .meta({ id: 'ParkedMessages' });

const standing = {
  blockedBy: position.nullable().describe('the first dead message of its key before it'),
  behind: z.int().describe('how many messages of its key wait behind it'),
};

export const Standing = z.object(standing).meta({ id: 'Standing' });

export const DeadLetter = ParkedMessage.extend({
  ...standing,
  payload: z.object({ bytes: z.int(), sha256: z.string() }).nullable(),
  message: z
    .object({
      subject: z.string(),
      time: z.string(),
      version: z.int(),
      correlationId: z.string(),
      causationId: z.string(),
      data: z.record(z.string(), z.unknown()).describe('personal fields are masked'),
    })
    .optional()
    .describe('absent: it cannot be read'),
}).meta({ id: 'DeadLetter' });

export const Revealed = z
  .object({
    position,
    key: z.string(),
    errorMessage: z.string().nullable(),
    headers: z.record(z.string(), z.string()),
    payload: z.union([z.object({ text: z.string() }), z.object({ base64: z.string() })]).nullable(),
  })
  .meta({ id: 'Revealed' });
