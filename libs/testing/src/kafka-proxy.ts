import { tcpProxy, type TcpProxy } from './tcp-proxy.ts';

/**
 * A proxy that clients stay behind. Brokers tell clients at which address to go on; in those answers (Metadata,
 * FindCoordinator) the port stands behind the host, as four bytes, and becomes the proxy's. `broker` is `host:port` as
 * the broker advertises itself; the host of `url` is where clients begin.
 */
export async function kafkaProxy(broker: string): Promise<TcpProxy> {
  const [host, port] = broker.split(':') as [string, string];
  const advertised = Buffer.concat([Buffer.from(host), uint32(Number(port))]);
  return tcpProxy(`tcp://${broker}`, {
    answer(bytes, proxyPort) {
      for (let at = bytes.indexOf(advertised); at >= 0; at = bytes.indexOf(advertised, at + 1)) {
        bytes.writeUInt32BE(proxyPort, at + host.length);
      }
      return bytes;
    },
  });
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
