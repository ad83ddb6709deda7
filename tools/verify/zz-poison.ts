import { readFileSync } from 'node:fs';
import { createKafka } from '@cartwheel/kafka';
import { connect } from 'amqplib';
import { randomUUID } from 'node:crypto';
const t = JSON.parse(readFileSync('/work/main/.cartwheel/helper-v/shop.json', 'utf8'));
const [what, subject] = process.argv.slice(2);
if (what === 'kafka') {
  const p = createKafka(t.kafkaBrokers, 'x').producer(); await p.connect();
  await p.send({ topic: 'order-events', messages: [{ key: subject!, value: '{"bad":1}', headers: { ce_specversion: '1.0', ce_id: randomUUID(), ce_type: 'OrderConfirmed', ce_source: 'order', ce_subject: subject!, ce_time: new Date().toISOString(), ce_dataversion: '1', ce_sequence: '9', ce_correlationid: randomUUID(), ce_causationid: 'http:' + randomUUID() } }] });
  await p.disconnect();
} else if (what === 'ghost') {
  const p = createKafka(t.kafkaBrokers, 'x').producer(); await p.connect();
  await p.send({ topic: 'payment-events', messages: [{ key: subject!, value: JSON.stringify({ orderId: subject, paymentId: randomUUID() }), headers: { ce_specversion: '1.0', ce_id: randomUUID(), ce_type: 'PaymentVoided', ce_source: 'payment', ce_subject: subject!, ce_time: new Date().toISOString(), ce_dataversion: '1', ce_sequence: '9', ce_correlationid: randomUUID(), ce_causationid: 'http:' + randomUUID() } }] });
  await p.disconnect();
} else if (what === 'task') {
  const c = await connect(t.rabbitmqUrl); const ch = await c.createConfirmChannel();
  ch.sendToQueue(subject!, Buffer.from('junk'), { headers: { ce_type: 'VoidPayment' } }); await ch.waitForConfirms(); await c.close();
}
