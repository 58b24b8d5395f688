// The http-proxy package over node:http as it comes: node http-proxy.cjs PORT...
'use strict';

const { Agent, createServer } = require('node:http');
const { createProxyServer } = require('http-proxy');

const proxy = createProxyServer({ agent: new Agent({ keepAlive: true, maxSockets: Infinity }) });
const targets = process.argv.slice(2).map((port) => ({ host: '127.0.0.1', port: Number(port) }));
let next = 0;

createServer((request, response) => {
  const answerFailure = () => response.writeHead(502).end();
  // Without a listener it throws; a client that leaves in the middle of an answer is no reason to end.
  proxy.web(request, response, { target: targets[next++ % targets.length] }, answerFailure);
}).listen(Number(process.env['PORT']), '127.0.0.1');
