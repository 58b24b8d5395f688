import { isLoopback } from './loopback.js';
import { type InternetAddress, writtenAddress } from './public-address.js';

interface Settings {
  readonly admin?: InternetAddress | undefined;
  readonly adminTokenFile?: string | undefined;
}

/** What is wrong with the status page that is wanted. */
export function adminMistakes({ admin, adminTokenFile }: Settings, nameOf: (key: string) => string): readonly string[] {
  if (admin === undefined)
    return adminTokenFile === undefined
      ? []
      : [`Cannot use ${nameOf('adminTokenFile')} without ${nameOf('admin')}: there is nothing to guard`];
  if (adminTokenFile !== undefined || (admin.host !== undefined && isLoopback(admin.host))) return [];
  return [
    `Cannot open ${nameOf('admin')} ${writtenAddress(admin)} to other machines without ${nameOf('adminTokenFile')}: anybody could read it. Give a token, or use 127.0.0.1:${admin.port}`,
  ];
}
