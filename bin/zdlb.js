#!/usr/bin/env -S node --
// (The hyphens keep Node 20 from taking --env-file, which it looks for among all arguments, for its own.)
//
// The default action of SIGUSR2 is to end the process. A reload that is asked for while the program loads is remembered.
let isReloadAsked = false;
const remember = () => {
  isReloadAsked = true;
};
process.on('SIGUSR2', remember);

// The system keeps signals that nobody handles from its first process, whose default action would be to end it.
const ends = process.pid === 1 ? ['SIGTERM', 'SIGINT', 'SIGQUIT'] : [];
const end = (_name, number) => process.exit(128 + number);
for (const signal of ends) process.on(signal, end);

const { main } = await import('../dist/cli/main.js');
await main(process.argv.slice(2), () => {
  process.off('SIGUSR2', remember);
  for (const signal of ends) process.off(signal, end);
  return isReloadAsked;
});
