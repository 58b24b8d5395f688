import { option } from './option.js';
import { type InternetAddress, parsePublicAddress } from './public-address.js';
import { TEXT, text, value } from './values.js';

/** The options of the status page and of what else is read over HTTP. */
export const adminOptions = {
  admin: option(
    value('an address and a port such as 127.0.0.1:9000, [::1]:9000 or :9000', internetAddress, TEXT).optional(),
    {
      argument: 'HOST:PORT',
      description: 'status page, /metrics, /status, /events and /healthz over HTTP; read only',
      otherwise: 'off',
    },
  ),
  adminTokenFile: option(text('a path').optional(), {
    argument: 'FILE',
    description:
      'whoever reads --admin must know the token in this file, which SIGHUP reads anew; needed where it is open to other machines',
    otherwise: 'none',
  }),
};

function internetAddress(raw: unknown): InternetAddress | undefined {
  const address = typeof raw === 'string' ? parsePublicAddress(raw) : undefined;
  return address !== undefined && 'port' in address ? address : undefined;
}
