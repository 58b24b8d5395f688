import { ZdlbError, type ErrorCode } from '../core/errors.js';

/** A worker did not become what it should, with the last lines of its standard error. */
export class WorkerFailure extends ZdlbError {
  readonly lastLines: readonly string[];

  constructor(message: string, lastLines: readonly string[], code: ErrorCode = 'worker', options?: ErrorOptions) {
    super(code, message, options);
    this.name = 'WorkerFailure';
    this.lastLines = lastLines;
  }

  /** The same failure under another code. */
  as(code: ErrorCode): WorkerFailure {
    return new WorkerFailure(this.message, this.lastLines, code, { cause: this });
  }
}

/** The last lines that came with whatever was thrown. */
export function lastLinesOf(thrown: unknown): readonly string[] {
  return thrown instanceof WorkerFailure ? thrown.lastLines : [];
}
