// The strategies that mutants are made of, as they are: the kit must find nothing wrong with them.

import type { Strategy } from '@zsmalloc/core/strategy';
import { parking, spinning } from './build.ts';
import { CountedLock } from './counted-lock.ts';
import { deferring } from './deferring.ts';
import { ParkingRwLock } from './parking-locks.ts';
import { CounterLock } from './spin-locks.ts';
import { TicketMutex } from './ticket-mutex.ts';

export const rightSpinning: Strategy = spinning('rightSpinning');
export const rightSpinningPool: Strategy = spinning('rightSpinningPool', { pool: CounterLock });
export const rightCounted: Strategy = spinning('rightCounted', { zspage: CountedLock, zspageWords: 2 });
export const rightParking: Strategy = parking('rightParking');
export const rightParkingPool: Strategy = parking('rightParkingPool', { pool: ParkingRwLock });
export const rightTickets: Strategy = parking('rightTickets', {
  mutex: TicketMutex,
  capabilities: { fairness: 'fifo' },
});
export const rightDeferring: Strategy = deferring('rightDeferring');
