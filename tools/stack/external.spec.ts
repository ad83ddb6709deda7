import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { addressesInEnvironment, someAddressIsSet, waitUntilReachable } from './external.ts';

const environment = {
  CARTWHEEL_POSTGRES_URL: 'postgres://shop:p%40ss@db.example:6432',
  CARTWHEEL_KAFKA_BROKERS: 'one:9092, two:9093',
  CARTWHEEL_RABBITMQ_URL: 'amqp://guest:guest@queue.example',
  CARTWHEEL_SMTP_URL: 'smtp://mail.example:1025',
  CARTWHEEL_MAILBOX_URL: 'http://mail.example:1080',
};

test('addresses come from the environment', () => {
  expect(addressesInEnvironment(environment)).toEqual({
    postgres: { host: 'db.example', port: 6432, user: 'shop', password: 'p@ss' },
    kafka: { brokers: ['one:9092', 'two:9093'] },
    rabbitmq: { url: 'amqp://guest:guest@queue.example' },
    mail: { smtpHost: 'mail.example', smtpPort: 1025, webUrl: 'http://mail.example:1080' },
  });
});

test('one address is enough to ask for all, by name', () => {
  expect(someAddressIsSet({})).toBe(false);
  const one = { CARTWHEEL_KAFKA_BROKERS: 'one:9092' };
  expect(someAddressIsSet(one)).toBe(true);
  expect(() => addressesInEnvironment(one)).toThrow(/CARTWHEEL_POSTGRES_URL, CARTWHEEL_RABBITMQ_URL/);
});

test('an address that is no URL is named', () => {
  const broken = { ...environment, CARTWHEEL_SMTP_URL: 'mail example' };
  expect(() => addressesInEnvironment(broken)).toThrow('CARTWHEEL_SMTP_URL is "mail example"');
});

test('engines that do not answer are named', async () => {
  const nowhere = { host: '127.0.0.1', port: 1, user: '', password: '' };
  const addresses = {
    postgres: nowhere,
    kafka: { brokers: ['127.0.0.1:1'] },
    rabbitmq: { url: 'amqp://127.0.0.1:1' },
    mail: { smtpHost: '127.0.0.1', smtpPort: 1, webUrl: 'http://127.0.0.1:1' },
  };
  await expect(waitUntilReachable(addresses)).rejects.toThrow(/PostgreSQL at 127.0.0.1:1, .*Kafka at/);
});

test('of several Kafka brokers one that answers is enough', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const there = { host: '127.0.0.1', port, user: '', password: '' };
  const addressesWith = (brokers: string[]) => ({
    postgres: there,
    kafka: { brokers },
    rabbitmq: { url: `amqp://127.0.0.1:${port}` },
    mail: { smtpHost: '127.0.0.1', smtpPort: port, webUrl: `http://127.0.0.1:${port}` },
  });
  try {
    await waitUntilReachable(addressesWith(['127.0.0.1:1', `127.0.0.1:${port}`]));
    const noneAnswers = waitUntilReachable(addressesWith(['127.0.0.1:1', '127.0.0.1:2']));
    await expect(noneAnswers).rejects.toThrow('Kafka at 127.0.0.1:1, Kafka at 127.0.0.1:2 (');
  } finally {
    server.close();
  }
});
