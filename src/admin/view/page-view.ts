import { type Entry, parseEntry } from './entry.js';
import { eventsView } from './events-view.js';
import { type Html, html } from './html.js';
import { noticeView } from './notice-view.js';
import { type Status, conditionOf } from './status.js';
import { type Story, storyOf } from './story.js';
import { figuresView, headView } from './summary-view.js';
import { timelineView } from './timeline-view.js';
import { workersView } from './workers-view.js';

/** What the page is made of. */
export interface Scene {
  readonly status: Status;
  readonly entries: readonly Entry[];
  readonly story: Story;
  readonly now: number;
}

export function sceneOf(status: Status, lines: readonly string[], now: number): Scene {
  const entries = lines.map(parseEntry).filter((entry) => entry !== undefined);
  return { status, entries, story: storyOf(entries, status, now), now };
}

/** The parts that change, by the id of the element that they fill. */
export const PARTS: Readonly<Record<string, (scene: Scene) => Html>> = {
  head: ({ status }) => headView(status),
  notice: ({ status, story, now }) => noticeView(status, story, now),
  figures: ({ status }) => figuresView(status),
  timeline: ({ story, now }) => timelineView(story, now),
  workers: ({ status }) => workersView(status),
  events: ({ entries, now }) => eventsView(entries, now),
};

/** Of the document. How the instance is stands first, where there is something to say, since tabs are narrow. */
export function titleOf(status: Status): string {
  const condition = conditionOf(status);
  return `${condition === 'serving' ? '' : `${condition} · `}${status.name} · zdlb`;
}

/** The whole page as it stands now. Without JavaScript it is what there is, and loads itself anew. */
export function pageView(scene: Scene): Html {
  const part = (id: string) => PARTS[id]!(scene);
  return document(
    titleOf(scene.status),
    'main',
    html`<header id="head">${part('head')}</header>
      <main>
        <div id="notice">${part('notice')}</div>
        <dl id="figures">${part('figures')}</dl>
        <section id="charts" class="charts" aria-label="The last five minutes"></section>
        <section aria-labelledby="timeline-title">
          <h2 id="timeline-title">Generations</h2>
          <div id="timeline">${part('timeline')}</div>
        </section>
        <section aria-labelledby="workers-title">
          <h2 id="workers-title">Workers</h2>
          <div id="workers" role="group" tabindex="0" aria-labelledby="workers-title">${part('workers')}</div>
        </section>
        <section aria-labelledby="events-title">
          <h2 id="events-title">Events</h2>
          <div id="events" role="group" tabindex="0" aria-labelledby="events-title">${part('events')}</div>
        </section>
      </main>
      <footer>
        <p>
          This page only shows. Orders are given on the machine itself: <code>zdlb reload</code>,
          <code>zdlb scale</code>, <code>zdlb rollback</code>.
        </p>
      </footer>
      <p id="announcer" class="unseen" role="status" aria-live="polite"></p>
      <p id="connection" role="alert" hidden></p>`,
  );
}

/** What stands in the page's place for who has not shown the token yet. */
export function signInView(): Html {
  return document(
    'Sign in · zdlb',
    'sign-in',
    html`<main class="sign-in">
      <h1>zdlb</h1>
      <form id="sign-in" hidden>
        <label for="token">Token</label>
        <input id="token" type="password" autocomplete="current-password" spellcheck="false" required autofocus />
        <button>Show the status</button>
        <p id="complaint" role="alert"></p>
        <p class="hint">
          It stands in the file of <code>--admin-token-file</code>. This tab remembers it until it is closed.
        </p>
      </form>
      <noscript>
        <p>
          Without JavaScript, <a href="/sign-in">sign in by the browser's own dialog</a>: any name, and the token as the
          password.
        </p>
      </noscript>
    </main>`,
  );
}

function document(title: string, script: string, body: Html): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <link rel="icon" type="image/svg+xml" href="/page/icon.svg" />
        <link rel="stylesheet" href="/page/uplot.css" />
        <link rel="stylesheet" href="/page/page.css" />
        <script type="module" src="/page/${script}.js"></script>
        <noscript><meta http-equiv="refresh" content="5" /></noscript>
      </head>
      <body>
        ${body}
      </body>
    </html> `;
}
