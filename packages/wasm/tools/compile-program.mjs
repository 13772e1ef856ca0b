// Compiles ../assembly/kernels.ts. One program for memories of all sizes: only the limits of a memory are in it.

import { readFileSync } from 'node:fs';
import { main } from 'assemblyscript/asc';

const FLAGS = [
  'kernels.ts --outFile kernels.wasm -O3 --noAssert --runtime stub --enable threads --enable bulk-memory',
  '--importMemory --sharedMemory --initialMemory 1 --maximumMemory 65536',
];

const SOURCE = readFileSync(new URL('../assembly/kernels.ts', import.meta.url), 'utf8');

/** The binary of the source, or of what `change` makes of it. */
export async function compileProgram(change = (source) => source) {
  const source = change(SOURCE);
  let binary;
  const { error, stderr } = await main(
    FLAGS.flatMap((line) => line.split(' ')),
    {
      readFile: (name) => (name === 'kernels.ts' ? source : null),
      writeFile: (_name, contents) => void (typeof contents === 'string' || (binary = contents)),
      listFiles: () => [],
    },
  );
  if (error !== null || binary === undefined)
    throw new Error(`cannot compile assembly/kernels.ts: ${stderr.toString()}`);
  return binary;
}

/** What src/program.ts has to be. */
export async function programModule() {
  const text = Buffer.from(await compileProgram()).toString('base64');
  return `// Generated from ../assembly/kernels.ts by \`pnpm --filter @zsmalloc/wasm compile\`; a test compares the two.

/** The program, in base64. */
export const PROGRAM: string =
  '${text}';
`;
}
