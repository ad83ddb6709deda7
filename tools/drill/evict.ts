import { topology } from '@cartwheel/contracts';
import { createKafka, type Kafka } from '@cartwheel/kafka';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { ServiceName, Target } from '../verify/target.ts';

const LEAVE_GROUP = 13;

/** Tells Kafka of the death of a service. */
export function evictorOf({ kafkaBrokers, namespace }: Target): (service: ServiceName) => Promise<void> {
  const kafka = createKafka(kafkaBrokers, 'drill');
  const { consumers, groupId } = topology(namespace);
  return async (service) => {
    // Analytics has a group for each of its projections.
    const own = consumers.filter((group) => group.split('.')[0] === service);
    await Promise.all(own.map((group) => evictMembers(kafka, kafkaBrokers[0]!, groupId(group))));
  };
}

/**
 * Tells Kafka that the members of a group are dead, as its coordinator would find out by itself after the session time-out
 * of 10 s. For one broker: it must be the coordinator. Only a shortcut: when it fails, that time-out does it.
 */
export async function evictMembers(kafka: Kafka, broker: string, groupId: string): Promise<void> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    const { groups } = await admin.describeGroups([groupId]);
    for (const { memberId } of groups[0]?.members ?? []) await leaveGroup(broker, groupId, memberId);
  } catch {
    return;
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

/** LeaveGroup, version 0 (https://kafka.apache.org/protocol#The_Messages_LeaveGroup): kafkajs sends it for its own members only. */
async function leaveGroup(broker: string, groupId: string, memberId: string): Promise<void> {
  const text = (value: string) => {
    const bytes = Buffer.from(value);
    const length = Buffer.alloc(2);
    length.writeInt16BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const head = Buffer.alloc(8);
  head.writeInt16BE(LEAVE_GROUP, 0);
  const request = Buffer.concat([head, text('drill'), text(groupId), text(memberId)]);
  const size = Buffer.alloc(4);
  size.writeInt32BE(request.length);
  const [host, port] = broker.split(':');
  const socket = connect(Number(port), host);
  try {
    socket.write(Buffer.concat([size, request]));
    await once(socket, 'data', { signal: AbortSignal.timeout(5_000) });
  } finally {
    socket.destroy();
  }
}
