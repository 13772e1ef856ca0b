// Frees nine objects of ten, and lets compaction give the memory back. Handles stay valid.
import { createPool } from '@zsmalloc/core';
import { preemptible } from '@zsmalloc/lock-custom';

const pool = createPool({ bytes: 16 * 2 ** 20, strategy: preemptible });
const text = new TextEncoder();
const handles = Array.from({ length: 10_000 }, (_, i) => {
  const bytes = text.encode(`object ${i} `.repeat(20));
  const handle = pool.malloc(bytes.length);
  pool.write(handle, bytes);
  return handle;
});
const kept = handles.filter((_, i) => i % 10 === 0);
for (const handle of handles) if (!kept.includes(handle)) pool.free(handle);

const overhead = () => (pool.stats().bytesUsed / pool.stats().bytesStored).toFixed(2);
console.log('overhead before compaction:', Number(overhead()) > 2 ? 'more than double' : overhead());
const { ran, skippedZspages } = pool.compact();
console.log('compacted:', ran, 'skipped:', skippedZspages);
console.log('overhead after compaction:', Number(overhead()) < 1.15 ? 'less than 15 %' : overhead());
console.log(pool.read(kept[7], (bytes) => new TextDecoder().decode(bytes.slice(0, 9))));
