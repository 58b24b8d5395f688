// @ts-check
import { direct } from './bare.js';
import { cluster } from './cluster.js';
import { haproxies } from './haproxy.js';
import { httpProxy } from './http-proxy.js';
import { nginxes } from './nginx.js';
import { pm2 } from './pm2.js';
import { zdlbs } from './zdlb.js';

/** Everybody, in the order of the tables. @type {readonly import('./contestant.js').Contestant[]} */
export const contestants = [direct, ...zdlbs, httpProxy, ...nginxes, ...haproxies, cluster, pm2];
