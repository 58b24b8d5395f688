import { Charts } from './charts.js';
import { followEvents } from './events.js';
import { patch } from './patch.js';
import { serverNow } from './server-clock.js';
import { knownToken, read } from './token.js';
import { clock } from './view/figures.js';
import { PARTS, sceneOf, titleOf } from './view/page-view.js';
import { hasPorts } from './view/status.js';

/** @typedef {import('./view/status.js').Status} Status */

const POLL_MS = 1_000;
const PATIENCE_MS = 5_000;
/** What comes at once, a reload of many workers say, is shown at once. */
const SOON_MS = 60;
const KEPT = 500;
/** What is said aloud. */
const SPOKEN = new Set([
  'reload.started',
  'reload.done',
  'reload.failed',
  'reload.watching',
  'worker.crash-looping',
  'paused',
  'resumed',
  'stopping',
]);

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

const charts = new Charts(element('charts'));
/** @type {string[]} */
let lines = [];
/** @type {Status | undefined} */
let status;
let heardAt = serverNow();
/** @type {number | undefined} */
let soon;
let isReading = false;
const isSignedIn = knownToken() !== null;

function render() {
  if (status === undefined || document.hidden) return;
  const scene = sceneOf(status, lines, serverNow());
  for (const [id, view] of Object.entries(PARTS)) patch(element(id), view(scene).text);
  document.title = titleOf(status);
  element('charts').hidden = !hasPorts(status);
}

async function refresh() {
  if (isReading || document.hidden) return;
  isReading = true;
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const [now, history] = await Promise.all([
      read('/status', signal).then((answer) => answer.json()),
      read(`/history?since=${charts.latest}`, signal).then((answer) => answer.json()),
    ]);
    status = now;
    heardAt = serverNow();
    charts.add(history.points);
    tellConnection(false);
    render();
  } catch {
    if (isSignedIn && knownToken() === null) location.reload(); // there is another token now
    tellConnection(true);
  } finally {
    isReading = false;
  }
}

/** @param {boolean} isLost */
function tellConnection(isLost) {
  if (document.body.hasAttribute('data-lost') === isLost) return; // said once, not each second
  document.body.toggleAttribute('data-lost', isLost);
  const place = element('connection');
  place.hidden = !isLost;
  place.textContent = isLost ? `No answer since ${clock(heardAt)}. What is shown may be over; trying again.` : '';
  if (isLost) document.title = `no answer · ${document.title}`;
}

function refreshSoon() {
  soon ??= setTimeout(() => {
    soon = undefined;
    void refresh();
  }, SOON_MS);
}

/** @param {string} line */
function speak(line) {
  try {
    const { event, msg, time } = JSON.parse(line);
    // The last entries are told again when the page opens; that is no news.
    if (SPOKEN.has(event) && time > openedAt) element('announcer').textContent = msg;
  } catch {}
}

let openedAt = Infinity;
void followEvents({
  again() {
    lines = [];
    openedAt = serverNow();
  },
  told(line) {
    lines = [...lines, line].slice(-KEPT);
    speak(line);
    refreshSoon();
  },
});
document.addEventListener('visibilitychange', () => void refresh());
setInterval(() => void refresh(), POLL_MS);
void refresh();
