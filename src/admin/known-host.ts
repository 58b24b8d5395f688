import { isIP } from 'node:net';

const HOST = /^(?:\[([^[\]]+)\]|([^[\]:]+))(?::\d{1,5})?$/;

/**
 * Whether a Host field names this port as nobody else's page can. A page of `evil.example` may let that name point here (DNS
 * rebinding), and the browser then takes this port for a part of that page; but it sends that name along. So names are known: the one
 * of `--admin` and those of loopback (RFC 6761 6.3). An address is not looked up and can't be rebound. Only what is no browser sends no
 * Host at all.
 *
 * @param configured the host of `--admin`
 */
export function isKnownHost(field: string | undefined, configured: string | undefined): boolean {
  if (field === undefined) return true;
  const [, literal, written = ''] = HOST.exec(field) ?? [];
  if (literal !== undefined) return isIP(literal) === 6;
  const name = written.toLowerCase().replace(/\.$/, '');
  return isIP(name) === 4 || name === 'localhost' || name.endsWith('.localhost') || name === configured?.toLowerCase();
}
