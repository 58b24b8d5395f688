import { ANSWER, OFFER, clock, type Answer, type Offer } from '../core/hand-over.cjs';
import { doorOf, expectHandOvers, type Handle } from './door.cjs';
import type { Retirement } from './retirement.cjs';

/** Node's internals, which `send()` and node:cluster rest on: `written` is called when the kernel has the message. */
interface Ipc {
  _send(message: Answer, handle: undefined, options: object, written: (error: Error | null) => void): void;
  emit(event: 'error', error: Error): boolean;
  emit(event: 'disconnect'): boolean;
  connected: boolean;
}

/**
 * Takes the client connections that the front hands over on the IPC channel, and gives them to the program's servers as if they
 * had accepted them.
 *
 * The front keeps a connection until it is answered, and gives it to another worker when this one ends first. So the answer
 * is in the kernel before the first byte is read: a worker that dies in between has answered for nothing, and its client is
 * cut off, but a request is never read by two.
 *
 *     offered -> refused                 no server listens there, the worker retires, or it is too late: the front looks on
 *     offered -> answered -> admitted    answered and still in time
 *     offered -> answered -> closed      stopped between the two for seconds: the front may have given up in between
 */
export function takeConnections(retirement: Retirement): void {
  expectHandOvers();
  process.on('internalMessage' as 'message', (message, handle) => {
    if ((message as Offer).cmd === OFFER) consider(message as Offer, handle as Handle | undefined, retirement);
  });
  keepChannel();
}

function consider(offer: Offer, accepted: Handle | undefined, retirement: Retirement): void {
  // Without a descriptor it was lost on the way: this process has no open file left.
  const isWanted =
    accepted !== undefined && !retirement.hasBegun && isInTime(offer) && doorOf(offer.port) !== undefined;
  const arrived = isWanted ? retirement.expect() : undefined;
  answer(offer.id, isWanted, (error) => {
    if (!isWanted || error !== null || !isInTime(offer)) accepted?.close();
    else admit(offer.port, accepted);
    arrived?.();
  });
}

const isInTime = ({ until }: Offer) => clock() <= until;

/** The server may have closed since the answer, as one may that has accepted a connection it was not told of yet. */
function admit(port: number, accepted: Handle): void {
  const door = doorOf(port);
  if (door === undefined) accepted.close();
  else door.admit(accepted);
}

function answer(id: number, isTaken: boolean, written: (error: Error | null) => void): void {
  ipc()._send({ cmd: ANSWER, id, isTaken }, undefined, {}, written);
}

const ipc = () => process as unknown as Ipc;

/** A program may disconnect(): to it all is as it would be, but the channel stays, for connections come on it. */
function keepChannel(): void {
  process.disconnect = () => {
    const own = ipc();
    if (!own.connected) {
      own.emit('error', closed());
      return;
    }
    own.connected = false;
    process.channel?.unref();
    process.nextTick(() => own.emit('disconnect'));
  };
}

function closed(): Error {
  return Object.assign(new Error('IPC channel is already disconnected'), { code: 'ERR_IPC_DISCONNECTED' });
}
