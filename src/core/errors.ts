/**
 * Everything that zdlb itself can fail with.
 *
 * - `usage`: the command line or the environment is wrong
 * - `config`: the configuration file is wrong
 * - `start`: the front could not start (port taken, no worker ready, live pid file)
 * - `worker`: a worker exited early, was not ready in time, or could not be spawned
 * - `busy`: another operation is under way
 * - `cold`: no former generation is warm, to go back to
 * - `stopping`: the front is stopping and takes no further orders
 * - `absent`: no such instance runs
 * - `foreign`: a control socket, or its folder, is not this user's own
 */
export type ErrorCode = 'usage' | 'config' | 'start' | 'worker' | 'busy' | 'cold' | 'stopping' | 'absent' | 'foreign';

/** The one error class of zdlb: the message says what failed, what was met and what was wanted. */
export class ZdlbError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ZdlbError';
    this.code = code;
  }
}

/** The exit code of the `zdlb` command for an error, 2 bad usage or configuration, 3 could not start, 4 no such instance, 1 else. */
export function exitCode(error: unknown): number {
  if (!(error instanceof ZdlbError)) return 1;
  switch (error.code) {
    case 'usage':
    case 'config':
      return 2;
    case 'start':
      return 3;
    case 'absent':
      return 4;
    default:
      return 1;
  }
}

/** The text of whatever was thrown, without its stack. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  ENOTDIR: 'no such file or folder',
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
  ELOOP: 'its symbolic links go round in a circle',
};

/** Why a file or a folder can't be used, in the words of who named it. */
export const whyUnreadable = (thrown: unknown): string => REASONS[systemCode(thrown) ?? ''] ?? messageOf(thrown);

/** What the user is told of whatever was thrown: a line of what zdlb itself knows to be wrong, the stack of a defect. */
export function reportOf(thrown: unknown): string {
  if (thrown instanceof ZdlbError || !(thrown instanceof Error)) return messageOf(thrown);
  return thrown.stack ?? thrown.message;
}

/** An error as programs are told it. */
export interface ErrorDetails {
  /** An {@link ErrorCode}, or `defect`. */
  readonly code: string;
  readonly message: string;
  /** Of the standard error of the worker that failed, if one did. */
  readonly lastLines: readonly string[];
}

/** What programs are told of whatever was thrown, over the control socket and by `--json`. */
export function detailsOf(thrown: unknown): ErrorDetails {
  const code = thrown instanceof ZdlbError ? thrown.code : 'defect';
  const lastLines = thrown instanceof Error && 'lastLines' in thrown ? (thrown.lastLines as readonly string[]) : [];
  return { code, message: messageOf(thrown), lastLines };
}

/** The system's error code (`EADDRINUSE` …) of whatever was thrown, if it has one. */
export function systemCode(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}
