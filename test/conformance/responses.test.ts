import { cases as bodiless } from './bodiless-responses.js';
import { cases as malformed } from './malformed-responses.js';
import { cases as responses } from './responses.js';
import { testTable } from './table.js';

testTable('a response', responses);
testTable('a malformed response', malformed);
testTable('a response without a body', bodiless);
