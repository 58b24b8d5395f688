import type { SlotCookies } from './slot-cookies.js';

/** What an operator may say of HTTP. Durations are milliseconds, sizes bytes; Infinity is "off". */
export interface HttpSettings {
  /** The longest request head; beyond it 431. */
  readonly maxHeadSize: number;
  /** The most fields of a request; beyond it 431. */
  readonly maxFields: number;
  /** The longest request target; beyond it 414. */
  readonly maxTargetSize: number;
  /** The longest request body; beyond it 413. */
  readonly maxBodySize: number;
  /** How long a client may take for a head, from its first byte; a byte now and then does not extend it. 408. */
  readonly headerTimeout: number;
  /** How long a client may pause in the middle of a request body. 408. */
  readonly bodyTimeout: number;
  /** How long a client's connection may lie idle between two requests. */
  readonly keepAliveTimeout: number;
  /** How long a worker may take to accept a connection. */
  readonly connectTimeout: number;
  /** How long a worker may take from the end of the request to the head of its answer; 504. */
  readonly responseTimeout: number;
  /** How long a tunnel (an upgraded connection) may lie idle in both directions. */
  readonly tunnelTimeout: number;
  /** The same for a connection in tcp mode. */
  readonly idleTimeout: number;
  /** How much of one connection is kept: read ahead of what can be sent on, waiting, or to be sent again. */
  readonly maxBufferSize: number;
  /** Whether the X-Forwarded-* fields are set: `auto`, where the agent does not give the program the true address. */
  readonly forwarded: 'auto' | 'on' | 'off';
  /** Peers whose X-Forwarded-* fields are believed. */
  readonly trusts: (address: string) => boolean;
  /** Whether a request that has no X-Request-Id gets one. */
  readonly requestId: boolean;
  /** By which a client is kept on its slot; absent: it is not. */
  readonly cookies?: SlotCookies | undefined;
}
