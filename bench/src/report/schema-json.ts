// The schema of reports for other languages and editors: JSON Schema made from the zod schema.

import { z } from 'zod';
import { reportSchema } from '../model/report-schema.ts';

const ID = 'https://json-schema.org/draft/2020-12/schema';

/** The text of bench/report.schema.json. */
export function reportSchemaJson(): string {
  const schema = z.toJSONSchema(reportSchema);
  return `${JSON.stringify({ ...schema, $schema: ID, title: 'Report of the lock bench' }, null, 2)}\n`;
}
