import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { RotatingFileStream } from 'rotating-file-stream';
import type { Config } from '../core/config.js';
import { ZdlbError, messageOf } from '../core/errors.js';
import { startFolder } from '../supervisor/start-folder.js';
import { MAX_UNREAD, type Sink } from './sink.js';

/** A file that can't be written is tried again after so long (ms); entries are left out meanwhile. */
const RETRY_MS = 10_000;
/** A log may have secrets in it. */
const OWNER_ONLY = 0o600;

type Settings = Pick<Config, 'logFileSize' | 'logFiles'>;

/**
 * Opens a log file for what is to be written behind its end, in a folder that is made if need be; its descriptor.
 *
 * @throws {ZdlbError} `start`, saying why not
 */
export function openLogFile(file: string): number {
  try {
    mkdirSync(dirname(file), { recursive: true });
    return openSync(file, 'a', OWNER_ONLY);
  } catch (error) {
    const text = `Cannot write the log file ${file}: ${messageOf(error)}. Choose another with --log-file`;
    throw new ZdlbError('start', text, { cause: error });
  }
}

/**
 * A log in a file that is rotated. The library is loaded only for those who have one.
 *
 * @throws {ZdlbError} `start`, when the file is not to be had
 */
export async function rotatedSink(logFile: string, settings: Settings): Promise<Sink> {
  const file = resolve(startFolder, logFile);
  closeSync(openLogFile(file));
  const { createStream } = await import('rotating-file-stream');
  const size = `${settings.logFileSize}B` as const;
  return new RotatedSink(() => createStream(file, { size, rotate: settings.logFiles, mode: OWNER_ONLY }));
}

class RotatedSink implements Sink {
  readonly #open: () => RotatingFileStream;
  /** Absent while the file can't be written. */
  #stream: RotatingFileStream | undefined;
  #failedAt = 0;

  constructor(open: () => RotatingFileStream) {
    this.#open = open;
    this.#begin();
  }

  write(text: string): boolean {
    if (this.#stream === undefined && performance.now() - this.#failedAt >= RETRY_MS) this.#begin();
    if (this.#stream === undefined || this.#stream.writableLength >= MAX_UNREAD) return false;
    this.#stream.write(text);
    return true;
  }

  /** A full disk may have room again. */
  onBroken(): void {}

  flush(then: () => void): void {
    if (this.#stream === undefined) then();
    else this.#stream.end(then);
  }

  #begin(): void {
    const stream = this.#open();
    this.#stream = stream;
    stream.on('error', () => {
      this.#failedAt = performance.now();
      if (this.#stream === stream) this.#stream = undefined;
    });
  }
}
