import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Config } from '../core/config.js';
import { ZdlbError } from '../core/errors.js';

/** Whom workers run as, where that is not who runs zdlb. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
  /** What is found in the environment of a process of that user's, as far as it is known. */
  readonly variables: Readonly<Record<'HOME' | 'USER' | 'LOGNAME', string | undefined>> | undefined;
}

interface Account {
  readonly uid: number;
  readonly gid: number | undefined;
  readonly name: string | undefined;
  readonly home: string | undefined;
}

/**
 * Finds out who `--user` and `--group` are: names are looked up, numbers are taken as they are.
 *
 * @throws {ZdlbError} `usage`, when there is no such user or group, or zdlb doesn't run as root
 */
export async function resolveIdentity(
  { user, group }: Pick<Config, 'user' | 'group'>,
  ownId: number | undefined = process.getuid?.(),
): Promise<Identity | undefined> {
  const option = user === undefined ? `--group ${group}` : `--user ${user}`;
  if (user === undefined && group === undefined) return undefined;
  if (ownId !== 0) throw new ZdlbError('usage', `Cannot use ${option}: only root may run workers as somebody else`);
  const account = user === undefined ? undefined : await accountOf(user);
  const gid = group === undefined ? account?.gid : await groupId(group);
  if (gid === undefined) throw new ZdlbError('usage', `Cannot use ${option}: no user has that id, so give --group too`);
  const variables = account && { HOME: account.home, USER: account.name, LOGNAME: account.name };
  return { uid: account?.uid ?? ownId, gid, variables };
}

async function accountOf(user: string): Promise<Account> {
  const [name, , uid, gid, , home] = await entry('passwd', user);
  if (uid !== undefined) return { uid: Number(uid), gid: Number(gid), name, home };
  // Where accounts are kept elsewhere (macOS), id(1) knows more.
  const [ownId, ownGroup] = await Promise.all([printed('id', ['-u', user]), printed('id', ['-g', user])]);
  if (ownId !== '') return { uid: Number(ownId), gid: Number(ownGroup), name: user, home: undefined };
  if (isNumber(user)) return { uid: Number(user), gid: undefined, name: undefined, home: undefined };
  throw new ZdlbError('usage', `Cannot run workers as --user ${user}: no such user`);
}

async function groupId(group: string): Promise<number> {
  if (isNumber(group)) return Number(group);
  const [, , gid] = await entry('group', group);
  if (gid === undefined) throw new ZdlbError('usage', `Cannot run workers as --group ${group}: no such group`);
  return Number(gid);
}

/** The columns of a line of /etc/passwd or /etc/group, by name or number, also of those that a directory service has. */
async function entry(database: 'passwd' | 'group', key: string): Promise<readonly string[]> {
  const text =
    (await printed('getent', [database, key])) || (await readFile(`/etc/${database}`, 'utf8').catch(() => ''));
  const lines = text.split('\n').map((line) => line.split(':'));
  return lines.find(([name, , id]) => name === key || (isNumber(key) && id === key)) ?? [];
}

/** What a program prints; nothing when it fails, or is not there. */
async function printed(program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args).catch(() => ({ stdout: '' }));
  return stdout.trim();
}

const isNumber = (text: string) => /^\d{1,10}$/.test(text);
