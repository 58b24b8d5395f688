import { isIPv6, type Socket } from 'node:net';
import { CLIENT_FIELD } from '../core/messages.cjs';
import type { Ends } from '../core/proxy-protocol.cjs';

/** Both ends of a client's connection, in the form that Node shows them; undefined once it is gone. */
export function endsOf(client: Socket): Ends | undefined {
  const { remoteAddress, remotePort, localAddress, localPort } = client;
  if (remoteAddress === undefined || remotePort === undefined) return undefined;
  if (localAddress === undefined || localPort === undefined) return undefined;
  return {
    family: isIPv6(remoteAddress) ? 'IPv6' : 'IPv4',
    sourceAddress: remoteAddress,
    sourcePort: remotePort,
    destinationAddress: localAddress,
    destinationPort: localPort,
  };
}

/** The line that tells the agent, request by request, whose request it is. */
export function clientLine(client: Socket): Buffer {
  const ends = endsOf(client);
  if (ends === undefined) return Buffer.alloc(0);
  const { sourceAddress, sourcePort, destinationAddress, destinationPort } = ends;
  const line = `${CLIENT_FIELD}: ${sourceAddress} ${sourcePort} ${destinationAddress} ${destinationPort}\r\n`;
  return Buffer.from(line, 'latin1');
}
