import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { answer } from './answer.js';
import type { Route } from './routes.js';

const PAGE = new URL('../../page/', import.meta.url);
const VIEW = new URL('view/', import.meta.url);
/** What of each folder is served, by what a file's name ends with. */
const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * The files of the page, a route each, so that no path is ever made of what somebody asks for. They are the same for everybody, and
 * no secret. A file is read when it is asked for first.
 */
export function assetRoutes(): readonly (readonly [string, Route])[] {
  const { resolve } = createRequire(import.meta.url);
  return [
    ...filesIn(PAGE).map((name) => asset(`/page/${name}`, fileURLToPath(new URL(name, PAGE)))),
    ...filesIn(VIEW).map((name) => asset(`/page/view/${name}`, fileURLToPath(new URL(name, VIEW)))),
    asset('/page/uplot.js', resolve('uplot/dist/uPlot.esm.js')),
    asset('/page/uplot.css', resolve('uplot/dist/uPlot.min.css')),
  ];
}

const endOf = (name: string) => /\.[a-z]+$/.exec(name)?.[0] ?? '';
const filesIn = (folder: URL) => readdirSync(folder).filter((name) => Object.hasOwn(TYPES, endOf(name)));

function asset(path: string, file: string): readonly [string, Route] {
  let content: Buffer | undefined;
  const show: Route['show'] = (_exhibit, _request, response) => {
    content ??= readFileSync(file);
    answer(response, 200, TYPES[endOf(path)]!, content);
  };
  return [path, { isPublic: true, show }];
}
