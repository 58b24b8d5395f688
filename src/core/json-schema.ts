import type { z } from 'zod';
import { type OptionMeta } from './option.js';
import { type JsonShape, either, shapes } from './values.js';
import { writtenDefault } from './written-default.js';

/**
 * The configuration file as JSON Schema (draft-07, which editors know best), made of the same schema that validates it.
 *
 * @param fields every key of the file
 */
export function jsonSchemaOf(fields: Readonly<Record<string, z.ZodType>>): JsonShape {
  const properties = Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, property(field)]));
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Configuration of zdlb',
    type: 'object',
    additionalProperties: false,
    properties,
  };
}

function property(field: z.ZodType): JsonShape {
  const meta = field.meta() as Partial<OptionMeta> | undefined;
  const byDefault = writtenDefault(field);
  return {
    ...(meta?.description !== undefined && { description: meta.description }),
    ...(byDefault === undefined ? either(...alternatives(shapeOf(field)), { type: 'null' }) : shapeOf(field)),
    ...(byDefault !== undefined && { default: byDefault }),
  };
}

/** Shapes of which one has to fit, without one that holds several. */
const alternatives = (shape: JsonShape) => (shape['anyOf'] as readonly JsonShape[] | undefined) ?? [shape];

/** That of the value itself, within what makes it optional or gives it a default. */
function shapeOf(field: z.ZodType): JsonShape {
  const { innerType } = field.def as { innerType?: z.ZodType };
  return shapes.get(field)?.shape ?? (innerType === undefined ? { type: 'string' } : shapeOf(innerType));
}
