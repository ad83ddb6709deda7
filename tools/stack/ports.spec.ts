import { afterEach, describe, expect, test } from '@jest/globals';
import { type AddressInfo, type Server, createServer } from 'node:net';
import { assertPortsFree, freePorts, isFree, portBase, portsFromBase } from './ports.ts';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function takenPort(): Promise<number> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

test('a base moves all ports together', () => {
  expect(portsFromBase(7000)).toMatchObject({ order: 7001, smtp: 7025, kafka: 7092, postgres: 7432, rabbitmq: 7672 });
  expect(portsFromBase(9000)).toMatchObject({ order: 9001, smtp: 9025, kafka: 9092, postgres: 9432, rabbitmq: 9672 });
});

describe('CARTWHEEL_PORT_BASE', () => {
  test('is 7000 when it is not set', () => expect(portBase({})).toBe(7000));

  test.each(['seven', '80', '70000', '7000.5', '65000'])('%s is refused by name', (text) => {
    expect(() => portBase({ CARTWHEEL_PORT_BASE: text })).toThrow(/CARTWHEEL_PORT_BASE is "/);
  });
});

test('free ports are all different, free, and below those that the system hands out', async () => {
  const ports = Object.values(await freePorts());
  expect(new Set(ports).size).toBe(ports.length);
  for (const port of ports) {
    expect(port).toBeGreaterThan(10_000);
    expect(port).toBeLessThan(32_768);
    expect(await isFree(port)).toBe(true);
  }
});

test('a port in use is named with what wanted it and the variable that moves it', async () => {
  const port = await takenPort();
  const checked = assertPortsFree({ kafka: port });
  await expect(checked).rejects.toThrow(new RegExp(`Port ${port} \\(kafka\\) is in use.*CARTWHEEL_PORT_BASE=\\d+`));
});
