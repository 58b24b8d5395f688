/** Every address of the machine: nobody can connect to these, but localhost is one of them. */
const WILDCARD = /^(?:0\.0\.0\.0|\[::\])?(?=:\d+$)/;

/** What to type to ask at the first of some public addresses, which are written as in options. */
export function curlAt([address = '']: readonly string[]): string {
  if (address.startsWith('unix:')) return `curl --unix-socket ${address.slice('unix:'.length)} http://localhost/`;
  return `curl http://${address.replace(WILDCARD, 'localhost')}/`;
}
