// Writes src/program.ts.

import { writeFileSync } from 'node:fs';
import { programModule } from './compile-program.mjs';

writeFileSync(new URL('../src/program.ts', import.meta.url), await programModule());
