// An ordinary server that knows nothing of zdlb: edit VERSION while it runs, reload, and watch the answers change.
import { createServer } from 'node:http';

const VERSION = 1;

const server = createServer((request, response) => {
  response.setHeader('Content-Type', 'text/plain');
  response.end(`Hello from version ${VERSION}, process ${process.pid}\n`);
});

server.listen(process.env.PORT ?? 3000, () => {
  console.log(`version ${VERSION} listens on port ${server.address().port}`);
});
