/** How a command of the docs ends, where it does not simply end well. Commands stand here as they stand on the page. */
export interface Expectation {
  /** Its exit code; 0, if absent. */
  readonly code?: number;
  /** What it prints, on standard output or error. */
  readonly prints?: RegExp;
  /** It goes on until it is stopped, as it is as soon as it has printed that. */
  readonly isEndless?: boolean;
  /** A program without which it can't be run: then it is passed over. */
  readonly needs?: string;
}

/**
 * A command that is not listed, here or below, is run and has to end with 0; one that starts an instance has to serve, and to stop with
 * 0 when the page starts the next one, or ends.
 */
export const EXPECTED: Readonly<Record<string, Expectation>> = {
  'while sleep 0.1; do curl -s http://localhost:8000/; done': { isEndless: true, prints: /Hello/ },
  "jq -c 'select(.totalMs > 1000) | [.target, .totalMs, .heldMs, .slot, .generation]' access.log": { needs: 'jq' },
  "ss -ltnp 'sport = :8000'": { needs: 'ss' },
  'zdlb check --port 8000 server.js': { prints: /is valid/ },
  "grep 'Max open files' /proc/<pid>/limits": { needs: '/proc/self/limits' },
  'PORT=8000 node examples/library.js': { prints: /Generation 2 took over/ },
  'zdlb --port 8000 --mode http -- python3 app.py': { needs: 'python3' },
  'zdlb --port 8000 --mode http --trust-proxy 127.0.0.1 -- python3 app.py': { needs: 'python3' },
  'curl -H "Authorization: Bearer $(cat admin-token)" http://localhost:9000/status': { prints: /"state":"serving"/ },
  'curl --unix-socket /run/zdlb/api.sock http://localhost/status': { prints: /"name":"api"/ },
};

/** What can't be run in a test, each with the reason. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  'npm start      # installs, builds, and runs examples/server.js with 4 workers on port 8000':
    'it installs from the registry',
  'npm test       # installs, builds, and runs the tests': 'it would run itself',
  'npm install -g zdlb': 'it installs from the registry',
  [`zdlb --port 8000 --mode http -- sh -c 'exec venv/bin/gunicorn --bind "$HOST:$PORT" app:app'`]:
    'gunicorn is not there',
  [`zdlb --port 8000 --mode http -- sh -c 'exec bundle exec puma --bind "tcp://$HOST:$PORT"'`]: 'puma is not there',
  'zdlb --port 8000 --mode http -- bun run server.ts': 'bun is not there',
  'zdlb --port 8000 --mode http -- deno run --allow-net --allow-env main.ts': 'deno is not there',
  'zdlb --port 8000 --send-proxy -- haproxy -db -f haproxy.cfg':
    'haproxy may not be there; test/integration/send-proxy.test.ts runs it',
};
