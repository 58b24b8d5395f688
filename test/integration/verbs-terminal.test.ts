import { describe, expect, test } from 'vitest';
import { asked } from '../kit/control.ts';
import { startFront } from '../kit/front.ts';
import { shared } from '../kit/lifetime.ts';
import { fixture, Release } from '../kit/release.ts';
import { hasTmux, Terminal, WITHOUT_TMUX } from '../kit/tmux.ts';

/** Says what is wrong, as a program of any kind would: a stack of Node's own is different in each version of it. */
const BROKEN = `
console.error('Reading the configuration from /etc/shop.json');
console.error('ConfigError: DATABASE_URL is not set');
console.error('    at readConfig (/srv/shop/config.js:12:11)');
console.error('    at main (/srv/shop/server.js:4:18)');
process.exit(1);
`;

/** Its error is followed by more than a screen has room for. */
const TALKATIVE = `
console.error('ConfigError: DATABASE_URL is not set');
for (let line = 1; line < 40; line++) console.error('    at frame ' + line + ' (/srv/shop/' + 'deep/'.repeat(20) + 'x.js)');
process.exit(1);
`;

/** Takes its time before it listens. */
const SLOW = `setTimeout(() => require('node:http').createServer((_, response) => response.end()).listen(process.env.PORT), 1500)`;

/** With the same in place of what differs from one run to another. */
const masked = (screen: string) =>
  screen
    .replaceAll(/(?<=pid |^ +\d+ +\d+ +)\d+/gm, '1234')
    .replaceAll(/\d+(?:\.\d+)?(?:ms|s)\b/g, '1.2s')
    .replaceAll(/Worker \d/g, 'Worker 0')
    .replaceAll(/\d+M\b/g, '50M')
    .replaceAll(/port \d+/g, 'port 8000')
    .replaceAll(/ {2,}/g, '  ');

describe.runIf(hasTmux)(`in a terminal of 80 x 24${WITHOUT_TMUX}`, () => {
  const scene = shared(async () => {
    const release = await Release.create(await fixture('load-server.cjs'));
    const front = await startFront({ script: release.script, args: ['--name', 'shop'] });
    return { release, front, terminal: await Terminal.open(front.home) };
  });

  test('zdlb status shows each worker', async () => {
    const { terminal } = scene();
    const { screen, code } = await terminal.run('zdlb status');
    expect(code).toBe(0);
    expect(masked(screen)).toMatchInlineSnapshot(`
      "shop: serving, generation 1, pid 1234, up 1.2s
      port 8000 (http): 0 connections
      requests: 0, 0 failed, 0 retried, 0 held
      reloads: 0 done, 0 failed

      slot  gen  pid  state  in flight  requests  memory  restarts  up
        0  1  1234  ready  0  0  50M  0  1.2s
        1  1  1234  ready  0  0  50M  0  1.2s"
    `);
  });

  test('it is coloured, unless NO_COLOR is set', async () => {
    const { terminal } = scene();
    await terminal.run('zdlb status');
    expect(await terminal.screen(true)).toContain('\u001B[32mserving');
    await terminal.run('NO_COLOR=1 zdlb status');
    expect(await terminal.screen(true)).not.toContain('\u001B[');
  });

  test('a reload shows what is waited for, then that the new code has taken over', async () => {
    const { terminal, release, front } = scene();
    await release.deploy(2, SLOW);
    await terminal.type('zdlb reload');
    expect(masked(await terminal.shows(/2 starting/))).toMatchInlineSnapshot(`
      "shop: reloading, 1.2s
        generation 2: 2 starting
        generation 1 serves: 2 ready"
    `);
    const { screen, code: exit } = await terminal.ended();
    expect(exit).toBe(0);
    expect(masked(screen.split('\n')[0]!)).toMatchInlineSnapshot(`"shop: generation 2 has taken over after 1.2s"`);
    expect(front.workers(2).size).toBe(2);
  });

  test('a failed reload shows what failed and why, without scrolling, and that the old code serves on', async () => {
    const { terminal, release } = scene();
    await release.deploy(3, BROKEN);
    const { screen, code } = await terminal.run('zdlb reload');
    expect(code).toBe(1);
    expect(masked(screen)).toMatchInlineSnapshot(`
      "zdlb: Reload failed, generation 2 serves on: Worker 0 exited with code 1 before
        it was ready: ConfigError: DATABASE_URL is not set
        Reading the configuration from /etc/shop.json
        ConfigError: DATABASE_URL is not set
        at readConfig (/srv/shop/config.js:12:11)
        at main (/srv/shop/server.js:4:18)"
    `);
  });

  test('so it does when the worker had more to say than the terminal has room for', async () => {
    const { terminal, release } = scene();
    await release.deploy(4, TALKATIVE);
    const { screen, code } = await terminal.run('zdlb reload');
    expect(code).toBe(1);
    expect(screen).toMatch(/^zdlb: Reload failed, generation 2 serves on: Worker \d exited/);
    expect(screen.replaceAll(/\n +/g, ' ')).toContain('ConfigError: DATABASE_URL is not set');
    expect(screen).toMatch(/\(\d+ lines above these are in zdlb logs\)/);
    expect(screen).toMatch(/at frame 39/);
  });

  test('zdlb status --watch follows what happens, and Ctrl-C ends it as asked', async () => {
    const { terminal, front } = scene();
    await terminal.type('zdlb status --watch');
    await terminal.shows(/ready/);
    await asked(front.home, 'POST /pause', { timeout: '60s' }, 'shop');
    await terminal.shows(/^shop: paused/);
    await asked(front.home, 'POST /resume', {}, 'shop');
    await terminal.shows(/^shop: serving/);
    await terminal.press('C-c');
    expect((await terminal.ended()).code).toBe(0);
  });

  test('it says so when the instance has ended', async () => {
    const { terminal, front } = scene();
    await terminal.type('zdlb status --watch');
    await terminal.shows(/ready/);
    await front.stop();
    const { screen, code } = await terminal.ended();
    expect(code).toBe(0);
    expect(screen).toMatch(/\nshop has ended$/);
  });
});
