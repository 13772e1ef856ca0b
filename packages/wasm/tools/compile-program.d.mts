export function compileProgram(change?: (source: string) => string): Promise<Uint8Array>;
export function programModule(): Promise<string>;
