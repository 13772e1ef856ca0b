// The calls that a trace tells apart.

/** Numbers as in the file. Everything that copies out or looks is a read; an open read counts when it begins. */
export const OP = { malloc: 0, free: 1, read: 2, write: 3, hold: 4, release: 5, compact: 6 } as const;

/** By number. */
export const OP_NAMES: readonly (keyof typeof OP)[] = ['malloc', 'free', 'read', 'write', 'hold', 'release', 'compact'];

/** In the file, the tag of what is no call: a change of agent, or a time mark. */
export const TAG_CONTROL = 7;
