// Every strategy of the packages, by the conformance kit. CONFORMANCE_MINUTES=5 gives each five minutes.

import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { testStrategy } from '@zsmalloc/conformance';
import { strategies } from './strategies.ts';

const { resolve } = createRequire(import.meta.url);
const minutes = Number(process.env['CONFORMANCE_MINUTES'] ?? 0.09);

for (const { module, name } of strategies) {
  await testStrategy(pathToFileURL(resolve(module)), { export: name, minutes });
}
