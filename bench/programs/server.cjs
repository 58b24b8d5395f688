// What every contestant serves: a hello world, the length of what was posted, and a download of 1 MiB.
// @ts-check
'use strict';

const { createServer } = require('node:http');

const download = Buffer.alloc(1024 * 1024, 'x');

const server = createServer((request, response) => {
  if (request.method === 'POST') {
    let length = 0;
    request.on('data', (chunk) => (length += chunk.length)).on('end', () => response.end(String(length)));
  } else response.end(request.url === '/download' ? download : 'hello');
});
// As one sets it behind a proxy. With Node's 5 s the program would close, between two turns, what the proxies keep in store.
server.keepAliveTimeout = 75_000;
const { SOCKET: path, PORT: port } = process.env;
server.listen(path === undefined ? { port: Number(port), host: '127.0.0.1' } : { path });
