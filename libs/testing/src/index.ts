export { type Engines, engines, testNamespace } from './engines.ts';
export { eventually } from './eventually.ts';
export { runFixture, type FixtureRun } from './fixture.ts';
export { kafkaTopic } from './kafka-topic.ts';
export { kafkaApi, kafkaWire } from './kafka-wire.ts';
export { tcpProxy, type TcpProxy } from './tcp-proxy.ts';
export { testDatabase, type TestDatabase } from './test-database.ts';
export { sendRecord, sendTask } from './send.ts';
export { rabbitmqQueue } from './rabbitmq-queue.ts';
