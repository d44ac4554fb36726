// Imported by each test file: when its tests are over, so are its servers, and the file can end.

import { after } from 'node:test';

import { endAll } from './process.mjs';

after(endAll);
