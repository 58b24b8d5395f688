import { configDefaults, defineConfig } from 'vitest/config';
import base from './vitest.config.ts';
import { LONG } from './vitest.long.config.ts';

/** `npm test`: all but what takes long. Less than three minutes on two cores. */
export default defineConfig({ ...base, test: { ...base.test, exclude: [...configDefaults.exclude, ...LONG] } });
