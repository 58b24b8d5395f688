// @ts-check
/**
 * @typedef {import('./rounds.js').Section} Section
 * @typedef {import('./rounds.js').IdleRow} IdleRow
 */
/** @typedef {{ text: string, bound: number, unit: string, measured: number | undefined }} Target met when `measured` ≤ `bound` */

/** What zdlb is meant to reach, and where it stands. @param {readonly Section[]} sections @param {readonly IdleRow[]} idle */
export function targets(sections, idle) {
  const cpu = (/** @type {string} */ load, /** @type {string} */ name) =>
    sections.find((section) => section.load.name === load)?.rows.find((row) => row.contestant.name === name)?.figures
      .proxyCpu;
  /** @param {string} load @param {string} name @param {readonly string[]} peers */
  const ratio = (load, name, peers) =>
    ratioToBest(
      cpu(load, name),
      peers.map((peer) => cpu(load, peer)),
    );
  const memory = idle.find(({ contestant }) => contestant.name === 'zdlb')?.memory.perConnection;
  const engine = cpu('get-64', 'zdlb-http-proxy') === undefined ? 'http-proxy' : 'zdlb-http-proxy';
  /** @type {readonly Target[]} */
  const list = [
    target('GET, 64 connections: × the better of nginx and HAProxy', 1, ratio('get-64', 'zdlb', ['nginx', 'haproxy'])),
    target(
      'GET, 64 connections, Unix sockets: × the better of the two',
      1,
      ratio('get-64', 'zdlb-unix', ['nginx-unix', 'haproxy-unix']),
    ),
    target('GET, 64 connections: × http-proxy', 0.2, ratio('get-64', 'zdlb', [engine])),
    target('download of 1 MiB: × HAProxy', 0.9, ratio('download-16', 'zdlb', ['haproxy'])),
    target('download of 1 MiB, Unix sockets: × HAProxy', 0.9, ratio('download-16', 'zdlb-unix', ['haproxy-unix'])),
    target('tcp, GET, 64 connections: × HAProxy in mode tcp', 1.25, ratio('get-64', 'zdlb-tcp', ['haproxy-tcp'])),
    { text: 'memory per idle client connection', bound: 4, unit: ' KiB', measured: memory && memory / 1024 },
  ];
  return list;
}

/** @param {string} text @param {number} bound @param {number | undefined} measured @returns {Target} */
function target(text, bound, measured) {
  return { text, bound, unit: '', measured };
}

/** @param {number | undefined} own @param {readonly (number | undefined)[]} peers */
function ratioToBest(own, peers) {
  const known = peers.filter((peer) => peer !== undefined);
  return own === undefined || known.length === 0 ? undefined : own / Math.min(...known);
}
