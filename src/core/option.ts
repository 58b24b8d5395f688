import type { z } from 'zod';

/** What the command line and the docs say about an option, beside its name and schema. */
export interface OptionMeta {
  readonly description: string;
  /** What stands for the value in help texts; absent for switches. */
  readonly argument?: string;
  readonly alias?: string;
  /** What holds without the option, in words, where its default in the schema does not say it. */
  readonly otherwise?: string;
}

/** A value's schema with what is said of the option. */
export const option = <S extends z.ZodType>(schema: S, meta: OptionMeta): S => schema.meta({ ...meta });
