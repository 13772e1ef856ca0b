// All roles of torture, by name.

import { mortalRoles } from '../killer/mortal-roles.ts';
import { barrierRoles } from './barrier-roles.ts';
import { fairnessRoles } from './fairness-roles.ts';
import { poolRoles } from './pool-roles.ts';
import { pipeRoles } from './pipe-roles.ts';
import { sectionRoles } from './section-roles.ts';
import type { TortureRole } from './worker.ts';

export const ROLES: Readonly<Record<string, TortureRole>> = {
  ...sectionRoles,
  ...barrierRoles,
  ...fairnessRoles,
  ...mortalRoles,
  ...pipeRoles,
  ...poolRoles,
};
