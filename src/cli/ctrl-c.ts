/** Ctrl-C is how one ends what goes on until Ctrl-C: as asked, and with the next prompt on a line of its own. */
export function endOnCtrlC(): void {
  process.once('SIGINT', () => {
    if (process.stdout.isTTY) process.stdout.write('\n');
    process.exit(0);
  });
}
