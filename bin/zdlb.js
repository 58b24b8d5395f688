#!/usr/bin/env -S node --
// (The hyphens keep Node 20 from taking --env-file, which it looks for among all arguments, for its own.)
//
// The default action of SIGUSR2 is to end the process. A reload that is asked for while the program loads is remembered.
let isReloadAsked = false;
const remember = () => {
  isReloadAsked = true;
};
process.on('SIGUSR2', remember);

const { main } = await import('../dist/cli/main.js');
await main(process.argv.slice(2), () => {
  process.off('SIGUSR2', remember);
  return isReloadAsked;
});
