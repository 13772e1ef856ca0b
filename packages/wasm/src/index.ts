// @zsmalloc/wasm: malloc, free and reads of a pool, compiled.

export { wasm } from './kernels.ts';
