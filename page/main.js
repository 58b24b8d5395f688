import { Charts } from './charts.js';
import { followEvents } from './events.js';
import { patch } from './patch.js';
import { knownToken, read } from './token.js';
import { clock } from './view/figures.js';
import { PARTS, sceneOf } from './view/page-view.js';

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
let heardAt = Date.now();
/** @type {number | undefined} */
let soon;
let isReading = false;
const isSignedIn = knownToken() !== null;

function render() {
  if (status === undefined || document.hidden) return;
  const scene = sceneOf(status, lines, Date.now());
  for (const [id, view] of Object.entries(PARTS)) patch(element(id), view(scene).text);
  document.title = `${status.state === 'serving' ? '' : `${status.state} · `}${status.name} · zdlb`;
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
    heardAt = Date.now();
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
  const place = element('connection');
  document.body.toggleAttribute('data-lost', isLost);
  place.hidden = !isLost;
  if (isLost) place.textContent = `No answer since ${clock(heardAt)}. What is shown may be over; trying again.`;
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

let openedAt = Date.now();
void followEvents({
  again() {
    lines = [];
    openedAt = Date.now();
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
