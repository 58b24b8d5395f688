import { TEXT, answer } from './answer.js';
import type { Route } from './routes.js';

/** So many may follow the events at a time: each costs a connection, and up to 1 MiB that it has not taken. */
const MAX_READERS = 32;

/** `/events`: what zdlb does, as it happens. */
export function eventsRoute(): Route {
  let readers = 0;
  return {
    isPublic: false,
    show(exhibit, request, response) {
      if (request.method === 'HEAD') return void response.writeHead(200, { 'Content-Type': 'text/event-stream' }).end();
      if (readers >= MAX_READERS)
        return answer(response, 503, TEXT, `${MAX_READERS} follow the events already\n`, { 'Retry-After': 10 });
      readers++;
      request.socket.once('close', () => readers--);
      exhibit.tell(request, response);
    },
  };
}
