import { option } from './option.js';
import { size, text, wholeNumber } from './values.js';

const MIB = 2 ** 20;

/** The options of a log that goes to a file. */
export const logFileOptions = {
  logFile: option(text('a path').optional(), {
    argument: 'FILE',
    description: 'the log goes there instead of standard output, and is rotated',
    otherwise: 'standard output',
  }),
  logFileSize: option(size('1K to 1G', 1_024, 1_024 * MIB).default(10 * MIB), {
    argument: 'SIZE',
    description: 'a log file that is larger is rotated: FILE becomes FILE.1, that FILE.2, and so on',
    otherwise: '10M',
  }),
  logFiles: option(wholeNumber(1, 1_000).default(5), {
    argument: 'N',
    description: 'how many rotated log files are kept',
  }),
};
