// Compiles AssemblyScript, in memory, for a shared memory of fixed size.

import { main } from 'assemblyscript/asc';
import { webAssembly } from './webassembly.ts';
import type { WasmModule } from './webassembly.ts';

const NAME = 'module';

/**
 * @param pages Of 64 KiB: the size of the memory that the module imports.
 * @param memoryBase Bytes at the start that the compiler leaves alone.
 */
export async function compileAssembly(
  source: string,
  pages: number,
  memoryBase: number,
  runtime: 'minimal' | 'stub',
): Promise<WasmModule> {
  let binary: Uint8Array | undefined;
  const flags = [
    `${NAME}.ts`,
    `--outFile ${NAME}.wasm -O3 --noAssert --enable threads --enable bulk-memory --importMemory --sharedMemory`,
    `--initialMemory ${pages} --maximumMemory ${pages} --memoryBase ${memoryBase} --runtime ${runtime}`,
  ];
  const { error, stderr } = await main(
    flags.flatMap((line) => line.split(' ')),
    {
      readFile: (name) => (name === `${NAME}.ts` ? source : null),
      writeFile: (_name, contents) => void (typeof contents === 'string' || (binary = contents)),
      listFiles: () => [],
    },
  );
  if (error !== null || binary === undefined) throw new Error(`cannot compile AssemblyScript: ${stderr.toString()}`);
  return new webAssembly.Module(binary);
}
