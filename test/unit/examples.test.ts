import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseCommandLine, readConfig } from '../../src/cli/options.js';
import type { Config } from '../../src/core/config.js';

/** The options of an example, as zdlb understands them. */
function configOf(words: readonly string[]): Config {
  const line = parseCommandLine(words);
  if ('print' in line) throw new Error(`Wanted a command line that runs something, met ${words.join(' ')}`);
  return readConfig(line, {});
}

const kubernetes = readFileSync('examples/kubernetes.yaml', 'utf8');
const podArgs = [.../ {10}args:\n((?: {12}.*\n)+)/.exec(kubernetes)![1]!.matchAll(/^ +- (.+)$/gm)].map(
  ([, word]) => word!,
);

test('in the Kubernetes example a pod has the time that its stop takes', () => {
  const { stopDelay, drainTimeout, killTimeout } = configOf(podArgs);
  const grace = Number(/terminationGracePeriodSeconds: (\d+)/.exec(kubernetes)![1]);
  expect(stopDelay).toBeGreaterThan(0);
  expect(grace * 1_000).toBeGreaterThan(stopDelay + drainTimeout + killTimeout);
});

test('in the Kubernetes example the probe asks /healthz on the admin port, and notices a stop within the stop delay', () => {
  const { admin, stopDelay, port } = configOf(podArgs);
  const portOf = (name: string) => Number(new RegExp(`name: ${name}, containerPort: (\\d+)`).exec(kubernetes)![1]);
  expect(kubernetes).toContain('httpGet: { path: /healthz, port: admin }');
  expect({ admin: admin?.port, http: port }).toEqual({ admin: portOf('admin'), http: portOf('http') });
  const [period, failures] = ['periodSeconds', 'failureThreshold'].map((key) =>
    Number(new RegExp(`${key}: (\\d+)`).exec(kubernetes)![1]),
  );
  expect(period! * failures! * 1_000).toBeLessThan(stopDelay);
});

test('the Dockerfile runs zdlb itself behind an init, with options that there are', () => {
  const dockerfile = readFileSync('examples/Dockerfile', 'utf8');
  const wordsOf = (name: string) => JSON.parse(new RegExp(`^${name} (.+)$`, 'm').exec(dockerfile)![1]!) as string[];
  expect(wordsOf('ENTRYPOINT')).toEqual(['tini', '--', 'node_modules/.bin/zdlb']);
  const { port, admin } = configOf(wordsOf('CMD'));
  expect(dockerfile).toContain(`EXPOSE ${String(port)}\n`);
  expect(dockerfile).toContain(`http://127.0.0.1:${admin?.port}/healthz`);
});
