import { spawnSync } from 'node:child_process';

/** Whether there is a Python 3.8 or later; tests of Python programs can say nothing without. */
export const hasPython = spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 8))']).status === 0;

/** Stands in the name of a test that is left out. */
export const WITHOUT_PYTHON = hasPython ? '' : ' (left out: there is no python3 here)';
