import { expect, it } from 'vitest';
import { layoutTables } from '../src/layout/define.ts';
import { FORMAT, LAYOUT_HASH, RECORDS } from '../src/layout/records.ts';

it('docs/LAYOUT.md shows the records as they are', async () => {
  const head = `# Memory layout\n\nGenerated from \`packages/core/src/layout/records.ts\` (format ${FORMAT}, hash ${LAYOUT_HASH}): run \`npx vitest run layout-docs -u\`.\n\n`;
  await expect(head + layoutTables(RECORDS)).toMatchFileSnapshot('../../../docs/LAYOUT.md');
});
