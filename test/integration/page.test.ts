import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { chromiumPath, launchChromium, WITHOUT_CHROMIUM } from '../kit/chromium.ts';
import { type Front, startFront } from '../kit/front.ts';
import { freePort } from '../kit/free-port.ts';
import { startLoad } from '../kit/load.ts';
import { COUNT_SAYINGS, FAINT, HOUR_AHEAD, WIDTH } from '../kit/in-page.ts';
import { LIGHT } from '../kit/loads.ts';
import { fixture, Release } from '../kit/release.ts';
import { SECRET, tokenFile } from '../kit/token-file.ts';

/** `npm run test:page` looks at the page in all sizes and colours, and takes pictures if ZDLB_TEST_PICTURES names a folder. */
const IS_ALL = process.env['ZDLB_TEST_PAGE'] === 'all';
const PICTURES = process.env['ZDLB_TEST_PICTURES'];
const SIZES = { desktop: { width: 1280, height: 900 }, phone: { width: 360, height: 780 } } as const;

let browser: Browser;

beforeAll(async () => {
  if (chromiumPath !== undefined) browser = await launchChromium();
});
afterAll(async () => browser?.close());

interface Scene {
  readonly front: Front;
  readonly release: Release;
  readonly url: string;
}

async function serve(args: readonly string[] = []): Promise<Scene> {
  const release = await Release.create(await fixture('load-server.cjs'));
  const admin = await freePort();
  const front = await startFront({
    script: release.script,
    args: ['--name', 'shop', '--admin', `127.0.0.1:${admin}`, ...args],
  });
  return { front, release, url: `http://127.0.0.1:${admin}/` };
}

/** A page, and what went wrong on it: nothing may. */
async function newPage(options: BrowserContextOptions = {}): Promise<{ page: Page; wrong: string[] }> {
  const context = await browser.newContext(options);
  onTestFinished(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const wrong: string[] = [];
  page.on('console', (message) => void (message.type() === 'error' && wrong.push(message.text())));
  page.on('pageerror', (error) => wrong.push(error.message));
  return { page, wrong };
}

/** Where the page asks for something from elsewhere. */
function strangers(page: Page, own: string): string[] {
  const asked: string[] = [];
  page.on('request', (request) => void (!request.url().startsWith(own) && asked.push(request.url())));
  return asked;
}

const lane = (page: Page, generation: number) => page.locator(`.lane[data-key="g${generation}"]`);

describe.runIf(chromiumPath !== undefined)(`the page${WITHOUT_CHROMIUM}`, () => {
  test('shows a reload under load as it happens, a failed one, and a crash', { timeout: 60_000 }, async () => {
    const { front, release, url } = await serve();
    const load = startLoad(LIGHT, front.port);
    const { page, wrong } = await newPage();
    const elsewhere = strangers(page, url);
    await page.goto(url);
    await expect.poll(() => page.locator('h1').textContent()).toBe('shop');
    await page.locator('#workers tbody tr').nth(1).waitFor();
    await page.locator('.chart canvas').nth(2).waitFor();
    await expect.poll(() => page.locator('.chart .requests').textContent()).toMatch(/[1-9]/);
    await expect.poll(() => page.locator('.chart .p99').textContent()).toMatch(/p99[\d.]+ ms/);
    expect(await lane(page, 1).getAttribute('data-phase')).toBe('serving');

    await release.deploy(2);
    expect(await front.reload()).toMatchObject({ event: 'reload.done' });
    await page.locator('.lane[data-key="g2"][data-phase="serving"]').waitFor();
    await page.locator('.lane[data-key="g1"][data-phase="retired"]').waitFor();
    await expect.poll(() => page.locator('#head .facts').textContent()).toContain('generation 2');
    await expect.poll(() => page.locator('#announcer').textContent()).toContain('Reload done');

    await release.deploy(3, 'console.error("<img src=x onerror=alert(1)> is no database"); process.exit(7)');
    expect(await front.reload()).toMatchObject({ event: 'reload.failed' });
    await page.locator('.notice.bad pre', { hasText: '<img src=x onerror=alert(1)> is no database' }).waitFor();
    await page.locator('.lane[data-key="g3"][data-phase="failed"]').waitFor();
    expect(await page.locator('img').count()).toBe(0);
    await page.locator('.events summary').first().click();

    process.kill(front.workers(2).get(0)!, 'SIGKILL');
    await lane(page, 2).locator('.mark.crash').waitFor();
    await page.locator('#workers tr[data-state="ready"] td[data-name="Restarts"]', { hasText: '1' }).waitFor();

    expect(await page.locator('.events details[open]').count(), 'what was unfolded stays so').toBe(1);

    const tally = await load.stop();
    expect(tally.outcomes.ok).toBeGreaterThan(0);
    expect(Object.keys(tally.outcomes)).toEqual(['ok']);
    expect(wrong).toEqual([]);
    await front.stop();
    await page.locator('#connection', { hasText: 'No answer since' }).waitFor();
    expect(elsewhere).toEqual([]);
  });

  test('is there without JavaScript, and refused to a page that lets its name point here', async () => {
    const { url } = await serve();
    const { page } = await newPage({ javaScriptEnabled: false });
    expect((await page.goto(url))?.status()).toBe(200);
    expect(await page.locator('#workers tbody tr').count()).toBe(2);
    expect(await page.locator('.lane').count()).toBe(1);
    const foreign = await page.goto(url.replace('127.0.0.1', 'evil.example'));
    expect(foreign?.status()).toBe(421);
    expect(await page.locator('table').count()).toBe(0);
  });

  test('calls an instance without a ready worker by that name, and tells how the last one ended', async () => {
    const { release, url, front } = await serve(['--workers', '1']);
    await release.deployFixture('failing/exits-after-listening.cjs');
    expect(await front.reload()).toMatchObject({ event: 'reload.done' });
    const { page, wrong } = await newPage();
    await page.goto(url);
    // At one moment: in between a worker serves for a while.
    const told = async () =>
      page.evaluate(`[
        document.title,
        document.querySelector('.state').dataset.state,
        document.querySelector('.notice.bad .reason')?.textContent,
      ]`);
    await expect
      .poll(told, { timeout: 10_000 })
      .toEqual([
        expect.stringMatching(/^no worker ready · /),
        'no worker ready',
        expect.stringContaining('Worker 0 exited with'),
      ]);
    expect(wrong).toEqual([]);
  });

  test('tells the values of the moment that somebody points to, in all charts, and else the latest', async () => {
    const { url } = await serve();
    const { page } = await newPage();
    await answerInstead(page, '/history', () => ({
      points: Array.from({ length: 300 }, (_, second) => pointAt(second)),
    }));
    await page.goto(url);
    await page.locator('.chart .requests .number', { hasText: '1,299' }).waitFor();
    await page.locator('.chart .u-over').nth(1).hover();
    const numbers = page.locator('.chart .requests .number, .chart .errors .number');
    await expect.poll(() => numbers.allTextContents()).toEqual([expect.stringMatching(/1,1[45]\d/), '7']);
    const moments = new Set(await page.locator('.plot .at').allTextContents());
    expect([...moments]).toEqual([expect.stringMatching(/^\d\d:\d\d:\d\d$/)]);
    await page.mouse.move(0, 0);
    await expect.poll(() => numbers.allTextContents()).toEqual(['1,299', '7']);
    expect(await page.locator('.plot .at').allTextContents()).toEqual(['', '', '']);
  });

  test('64 workers, long names and addresses fit a small phone, and leave the events within reach', async () => {
    const { url } = await serve();
    const { page, wrong } = await newPage({ viewport: { width: 320, height: 640 } });
    await answerInstead(page, '/status', (status) => ({
      ...status,
      name: 'n'.repeat(80),
      listeners: [{ port: 80, mode: 'http', addresses: [`/${'folder/'.repeat(12)}public.sock`], connections: 12_000 }],
      workers: Array.from({ length: 64 }, (_, slot) => ({ ...(status['workers'] as object[])[0], slot })),
    }));
    await page.goto(url);
    await page.locator('#workers tbody tr').nth(63).waitFor();
    expect(await page.evaluate(WIDTH)).toBe(320);
    expect(await page.evaluate(FAINT)).toEqual([]);
    const height = () => page.locator('#workers').evaluate(({ clientHeight }) => clientHeight);
    expect(await height()).toBeLessThan(700);
    await page.emulateMedia({ media: 'print' });
    expect(await height(), 'paper does not scroll').toBeGreaterThan(5_000);
    expect(wrong).toEqual([]);
  });

  test('moves nothing by itself, counts by the clock of the server, and says once that it is gone', async () => {
    const { url, front } = await serve();
    const { page } = await newPage();
    await page.addInitScript(HOUR_AHEAD);
    await page.goto(url);
    await page.locator('.lane-state', { hasText: /^serving for \d+s$/ }).waitFor();
    await page.locator('.chart canvas').nth(2).waitFor();
    expect(await page.evaluate('document.getAnimations().length'), 'what runs all the time costs all the time').toBe(0);
    await page.evaluate(COUNT_SAYINGS);
    await front.stop();
    await page.locator('#connection', { hasText: 'No answer since' }).waitFor();
    expect(await page.title()).toMatch(/^no answer · /);
    expect(await page.evaluate(FAINT), 'what was there last can still be read').toEqual([]);
    for (let failed = 0; failed < 3; failed++) await page.waitForEvent('requestfailed');
    expect(await page.evaluate('sayings')).toBe(1);
  });

  test('asks for the token, and shows nothing without', async () => {
    const { url } = await serve(['--admin-token-file', tokenFile()]);
    const { page } = await newPage();
    expect((await page.goto(url))?.status()).toBe(401);
    expect(await page.content()).not.toContain('shop');
    await page.getByLabel('Token').fill('correct-horse');
    await page.getByRole('button').click();
    await page.getByRole('alert').filter({ hasText: 'not the token' }).waitFor();
    await page.getByLabel('Token').fill(SECRET);
    await page.getByRole('button').click();
    await page.locator('#workers tbody tr').nth(1).waitFor();
    await page.locator('.events li').first().waitFor();
    await page.reload();
    await page.locator('#workers tbody tr').nth(1).waitFor();
    expect(page.url()).toBe(url);

    const plain = await newPage({ javaScriptEnabled: false, httpCredentials: { username: 'me', password: SECRET } });
    expect((await plain.page.goto(`${url}sign-in`))?.status()).toBe(200);
    expect(await plain.page.locator('#workers tbody tr').count()).toBe(2);
  });

  describe.runIf(IS_ALL)(`in all sizes and colours${IS_ALL ? '' : ' (left out: npm run test:page does it)'}`, () => {
    const looks = (['desktop', 'phone'] as const).flatMap((size) =>
      (['light', 'dark'] as const).map((colorScheme) => ({ size, colorScheme })),
    );

    test.each(looks)(
      '$size, $colorScheme: fits, and can be read',
      { timeout: 90_000 },
      async ({ size, colorScheme }) => {
        const { front, release, url } = await serve();
        const load = startLoad(LIGHT, front.port);
        const { page, wrong } = await newPage({ viewport: SIZES[size], colorScheme, reducedMotion: 'reduce' });
        await page.goto(url);
        const look = async (scene: string) => {
          expect(await page.evaluate(WIDTH), scene).toBe(SIZES[size].width);
          expect(await page.evaluate(FAINT), scene).toEqual([]);
          if (PICTURES !== undefined)
            await page.screenshot({ path: `${PICTURES}/${scene}-${size}-${colorScheme}.png`, fullPage: true });
        };
        await load.tally.served(200);
        await look('serving');
        const source = (await fixture('load-server.cjs'))(2);
        await release.deploy(2, `setTimeout(() => {${source}}, 2_000)`);
        const reloaded = front.reload();
        await page.locator('.notice.busy').waitFor();
        await look('reloading');
        await reloaded;
        await release.deployFixture('failing/throws-at-import.cjs');
        await front.reload();
        await page.locator('.notice.bad').waitFor();
        process.kill(front.workers(2).get(0)!, 'SIGKILL');
        await page.locator('.mark.crash').waitFor();
        await look('failed');
        await load.stop();
        expect(wrong).toEqual([]);
      },
    );
  });
});

/** Has the page get another answer than it would. */
async function answerInstead(
  page: Page,
  path: string,
  other: (answer: Record<string, unknown>) => object,
): Promise<void> {
  const isAsked = ({ pathname }: URL) => pathname === path;
  await page.route(isAsked, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: other((await response.json()) as Record<string, unknown>) });
  });
}

/** A second of history, the last of 300 being the present one. */
const pointAt = (second: number) => ({
  time: Date.now() - (299 - second) * 1_000,
  requests: 1_000 + second,
  errors: 7,
  p50: 1,
  p90: 10,
  p99: 100,
});
