// @ts-check

/**
 * @typedef {object} Contestant what is measured, and how it is started
 * @property {string} name for `--only`
 * @property {string} title
 * @property {Family} family
 * @property {'http' | 'tcp'} mode
 * @property {'port' | 'unix'} transport to the workers
 * @property {(place: Place) => Promise<Running>} start throws {@link Absent} when it is not to be had here
 */
/** @typedef {'direct' | 'zdlb' | 'http-proxy' | 'nginx' | 'HAProxy' | 'shared'} Family `shared`: workers accept by themselves */
/**
 * @typedef {object} Place where a contestant is started
 * @property {import('../stage.js').Stage} stage it ends with
 * @property {number} port its public port, on 127.0.0.1
 * @property {Bare} bare
 */
/**
 * @typedef {object} Bare the program without anything around it; started when first asked for, the same for all who ask
 * @property {() => Promise<readonly BareWorker[]>} port
 * @property {() => Promise<readonly BareWorker[]>} unix
 */
/** @typedef {{ pid: number, address: string }} BareWorker `address` is a port of 127.0.0.1, or a path */
/**
 * @typedef {object} Running
 * @property {number} port
 * @property {readonly number[]} proxy process ids of what passes the bytes on; none where workers accept by themselves
 * @property {readonly number[]} workers
 * @property {number} [primary] the process that hands connections to the workers
 * @property {string} [version]
 */

/** How many processes run the program, whoever starts them. */
export const WORKERS = 2;

/** Why a contestant is left out. */
export class Absent extends Error {}
