// A hello world that looks at its client's address, as whoever writes an access log does, or does not.
// @ts-check
'use strict';

const { createServer } = require('node:http');

const reads = process.argv[2] === 'read';
let seen = 0;

const server = createServer((request, response) => {
  if (reads && request.socket.remoteAddress !== undefined) seen++;
  response.end('hello');
});
server.listen(Number(process.env['PORT']), '127.0.0.1');
process.on('exit', () => seen);
