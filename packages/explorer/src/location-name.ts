import { WORD_BYTES } from './model-memory.ts';
import { type Program } from './options.ts';

/** What a report calls a location: the user's name, or its index as a 32-bit word, or its byte offset. */
export function nameLocation({ options, memory, names }: Program, byteOffset: number): string {
  const past = (byteOffset - memory.byteLength) / WORD_BYTES;
  if (past >= 0) return past < names.length ? `exit of ${names[past]}` : 'ghost';
  const given = options.describe?.(byteOffset);
  if (given !== undefined) return given;
  return byteOffset % WORD_BYTES === 0 ? `int32[${byteOffset / WORD_BYTES}]` : `byte ${byteOffset}`;
}
