// @ts-check
// Answers with what it was asked for, at once or after a while: node echo-path.cjs [ms].
'use strict';

const { createServer } = require('node:http');

const ms = Number(process.argv[2] ?? process.env['ANSWER_MS'] ?? 0);
createServer((request, response) => {
  const answer = () => response.end(request.url);
  if (ms === 0) answer();
  else setTimeout(answer, ms);
}).listen({ port: Number(process.env['PORT']), host: '127.0.0.1' });
