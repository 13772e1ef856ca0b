// What "reclaims later" means, in capabilities.

import type { Capabilities } from './contract.ts';

/** True for strategies that keep freed or moved objects until readers have left. */
export function defersReclaim({ freeDuringRead, relocatesBesideReaders }: Capabilities): boolean {
  return freeDuringRead || relocatesBesideReaders;
}
