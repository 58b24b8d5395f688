// @ts-check

/**
 * @typedef {object} Load requests of one kind over a number of connections
 * @property {string} name
 * @property {string} title
 * @property {'GET' | 'POST'} method
 * @property {string} path
 * @property {number} connections
 * @property {number} bodySize of the request (bytes)
 * @property {string} [answer] the body that must come back, where it is short
 * @property {number} answerSize the length of the body that must come back (bytes)
 * @property {boolean} keepsAlive whether connections are kept, or each request has a new one
 */

/** The smallest request there is. @param {number} connections @returns {Load} */
export const get = (connections) => ({
  name: `get-${connections}`,
  title: `Small GET, ${connections} kept-alive ${connections === 1 ? 'connection' : 'connections'}`,
  method: 'GET',
  path: '/',
  connections,
  bodySize: 0,
  answer: 'hello',
  answerSize: 5,
  keepsAlive: true,
});

const POST_SIZE = 16 * 1024;

/** @type {Load} */
const post = {
  ...get(64),
  name: 'post-64',
  title: 'POST of 16 KiB, 64 kept-alive connections',
  method: 'POST',
  bodySize: POST_SIZE,
  answer: String(POST_SIZE),
  answerSize: String(POST_SIZE).length,
};

/** @type {Load} */
const download = {
  name: 'download-16',
  title: 'Download of 1 MiB, 16 kept-alive connections',
  method: 'GET',
  path: '/download',
  connections: 16,
  bodySize: 0,
  answerSize: 1024 * 1024,
  keepsAlive: true,
};

/** @type {Load} */
const connectEach = {
  ...get(16),
  name: 'connect-16',
  title: 'Small GET, a new connection per request, 16 at a time',
  keepsAlive: false,
};

/** @type {readonly Load[]} */
export const loads = [get(1), get(64), get(512), post, download, connectEach];

/** Not a load but its absence: many connections that have made one request each and are kept. */
export const IDLE = 'idle';
