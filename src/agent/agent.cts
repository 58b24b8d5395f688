/**
 * The agent: preloaded (`node --require agent.cjs`) into every Node worker. It puts the program's public ports behind
 * private ones, tells the front about them, and shows the program the true addresses. It acts only where the front
 * started it: not in worker threads, and not in processes that the program starts itself.
 */

import { isMainThread } from 'node:worker_threads';
import { AGENT_SETTINGS, type AgentSettings } from '../core/messages.cjs';
import { Channel } from './channel.cjs';
import { refuseClusterFork } from './cluster-fork.cjs';
import { tellHousehold } from './door.cjs';
import { takeConnections } from './hand-over.cjs';
import { Ports } from './ports.cjs';
import { removePreload } from './preload.cjs';
import { noticeReady } from './ready-call.cjs';
import { Retirement } from './retirement.cjs';
import { showMappedEnds } from './socket-ends.cjs';
import { Vitals } from './vitals.cjs';

const settings = process.env[AGENT_SETTINGS];
removePreload(process.execArgv, __filename); // in worker threads too, which inherit the worker's original arguments
if (isMainThread && settings !== undefined) {
  delete process.env[AGENT_SETTINGS];
  start(JSON.parse(settings) as AgentSettings);
}

function start(given: AgentSettings): void {
  const channel = new Channel(given.channel);
  refuseClusterFork(channel);
  showMappedEnds();
  const retirement = new Retirement(channel, given.takesConnections);
  tellHousehold(retirement);
  if (given.takesConnections) takeConnections(retirement);
  new Ports(given, channel).takeOver();
  if (given.waitReady) noticeReady(channel);
  new Vitals(given, channel).start();
}
